// Canonical JSON (RFC 8785): equal values have equal bytes, so that a hash or a signature of one can be made again by anyone.
import serialize from 'canonicalize';

/** Returns `value` as canonical JSON, without a line break. Fields that are undefined are left out. */
export function canonicalJson(value: unknown): string {
  const text = serialize(value);
  if (text === undefined) throw new TypeError('canonical JSON: expected a value, got undefined');
  return text;
}
