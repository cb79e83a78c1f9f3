// The one structural diff of what engines return: specs of services, networks, secrets and configs. A list has an order unless it is one
// of the lists below: the order of a command, of DNS servers or of lines in /etc/hosts changes what a task does.

/** Lists that engines and clients treat as sets. Clients sort some of them, and `docker service update` appends to them. */
const SETS = new Set([
  'Aliases',
  'CapabilityAdd',
  'CapabilityDrop',
  'Configs',
  'Constraints',
  'GenericResources',
  'Groups',
  'Mounts',
  'Networks',
  'Platforms',
  'Ports',
  'Secrets',
  'Ulimits',
]);

/** Returns one sentence for each field that differs: `.path: was before, is after`. A missing field and null are equal. */
export function listDifferences(before: unknown, after: unknown, field = ''): string[] {
  if (isObject(before) && isObject(after))
    return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((key) =>
      listDifferences(before[key], after[key], key).map((rest) => `.${key}${rest}`),
    );
  const [was, is] = [toStableText(before, field), toStableText(after, field)];
  if (was === is) return [];
  const from = Math.max(0, firstDifference(was, is) - CONTEXT);
  return [`: was ${shorten(was, from)}, is ${shorten(is, from)}`];
}

/** Returns the same text for values without a difference. @param field the name that the value has in its object */
export function toStableText(value: unknown, field = ''): string {
  if (value === undefined || value === null) return 'nothing';
  if (Array.isArray(value)) {
    const items = value.map((item) => toStableText(item));
    return `[${(isSet(field, value) ? items.sort() : items).join(', ')}]`;
  }
  if (isObject(value))
    return `{${Object.keys(value)
      .sort()
      .map((key) => `${key}: ${toStableText(value[key], key)}`)
      .join(', ')}}`;
  return JSON.stringify(value) ?? 'nothing';
}

/** The order of environment variables matters only where one of them is set twice. */
function isSet(field: string, list: readonly unknown[]): boolean {
  if (field !== 'Env') return SETS.has(field);
  const names = list.map((variable) => String(variable).split('=', 1)[0]);
  return new Set(names).size === names.length;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** How much of a long text is shown, and how much of that is before the first difference. */
const SHOWN = 120;
const CONTEXT = 40;

function firstDifference(one: string, other: string): number {
  let at = 0;
  while (at < one.length && one[at] === other[at]) at++;
  return at;
}

function shorten(text: string, from: number): string {
  if (text.length <= SHOWN) return text;
  const end = from + SHOWN - 3;
  return `${from > 0 ? '…' : ''}${text.slice(from, end)}${end < text.length ? '…' : ''}`;
}
