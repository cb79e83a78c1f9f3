// The one structural diff of what engines return: specs of services, networks, secrets and configs. Engines return most lists in any
// order; only the lists below have one.

const ORDERED_FIELDS = new Set([
  // Arguments of a program.
  'Command',
  'Args',
  // Of a health check: how to run it, then its arguments.
  'Test',
  // Of a placement: the first one counts first.
  'Preferences',
  // Of DNS: asked and tried one after the other.
  'Nameservers',
  'Search',
]);

/** Returns one sentence for each field that differs: `.path: was before, is after`. A missing field and null are equal. */
export function listDifferences(before: unknown, after: unknown, isOrdered = false): string[] {
  if (isObject(before) && isObject(after))
    return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((key) =>
      listDifferences(before[key], after[key], ORDERED_FIELDS.has(key)).map((rest) => `.${key}${rest}`),
    );
  const [was, is] = [toStableText(before, isOrdered), toStableText(after, isOrdered)];
  return was === is ? [] : [`: was ${shorten(was)}, is ${shorten(is)}`];
}

/** Returns the same text for values without a difference. */
export function toStableText(value: unknown, isOrdered = false): string {
  if (value === undefined || value === null) return 'nothing';
  if (Array.isArray(value)) {
    // A list within a list is a tuple, such as the name and value of a mount option.
    const items = value.map((item) => toStableText(item, true));
    return `[${(isOrdered ? items : items.sort()).join(', ')}]`;
  }
  if (isObject(value))
    return `{${Object.keys(value)
      .sort()
      .map((key) => `${key}: ${toStableText(value[key], ORDERED_FIELDS.has(key))}`)
      .join(', ')}}`;
  return JSON.stringify(value) ?? 'nothing';
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const shorten = (text: string): string => (text.length > 120 ? `${text.slice(0, 117)}…` : text);
