// Where two values differ, for a person: the path, what was, what is.

/** Each difference as `.path: was before, is after`. The order of an array means nothing here, as it does not to the engine. */
export function differences(before: unknown, after: unknown): string[] {
  if (isObject(before) && isObject(after))
    return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((key) =>
      differences(before[key], after[key]).map((rest) => `.${key}${rest}`),
    );
  const [was, is] = [stable(before), stable(after)];
  return was === is ? [] : [`: was ${shorten(was)}, is ${shorten(is)}`];
}

/** One text for all values that are equal: keys and arrays in order, nothing and null alike. */
export function stable(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  if (Array.isArray(value)) return `[${value.map(stable).sort().join(', ')}]`;
  if (isObject(value))
    return `{${Object.keys(value)
      .sort()
      .map((key) => `${key}: ${stable(value[key])}`)
      .join(', ')}}`;
  return JSON.stringify(value) ?? 'nothing';
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const shorten = (text: string): string => (text.length > 120 ? `${text.slice(0, 117)}…` : text);
