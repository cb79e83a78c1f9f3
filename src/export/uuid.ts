// Identifiers that follow from what they identify (UUID version 5, RFC 9562): the same run is exported to the same bytes.
import { createHash } from 'node:crypto';

/** Of everything that swarm-drill exports: version 5 of `https://swarm-drill.dev/evidence/v1` in the namespace of URLs. */
const NAMESPACE = uuidV5('https://swarm-drill.dev/evidence/v1', '6ba7b811-9dad-11d1-80b4-00c04fd430c8');

/** Returns the identifier of a part of a run. @param digest of the run's statement @param part e.g. `finding total-loss` */
export const uuidOf = (digest: string, part: string): string => uuidV5(`${digest} ${part}`, NAMESPACE);

export function uuidV5(name: string, namespace: string): string {
  const hash = createHash('sha1')
    .update(Buffer.from(namespace.replaceAll('-', ''), 'hex'))
    .update(name)
    .digest();
  const bytes = hash.subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x50;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
