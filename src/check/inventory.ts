// The restored swarm against the baseline, object by object.
import type { Inventory, InventoryKind, Objects } from '../swarm/inventory.ts';
import type { Swarm } from '../swarm/swarm.ts';
import type { Check } from './check.ts';

/** Kinds whose objects must come back equal. Tasks and images are compared by checks of their own, or are not data. */
export const COMPARED_KINDS = [
  'cluster identity',
  'join tokens',
  'nodes',
  'node labels',
  'services',
  'networks',
  'secrets',
  'configs',
  'volumes',
  'published ports',
  'plugins',
  'registry logins',
  'daemon configuration',
  'local networks',
  'containers outside of Swarm',
  'bind-mount sources',
] as const satisfies readonly InventoryKind[];

/** Compares what swarm and engines say of their objects; not the bytes in volumes, nor the values of secrets. */
export const sameInventory = (
  swarm: Swarm,
  baseline: Inventory,
  kinds: readonly InventoryKind[] = COMPARED_KINDS,
): Check => ({
  name: 'same inventory',
  required: true,
  doesNotProve: 'that volumes hold the same bytes, secrets the same values, or that tasks run',
  covers: kinds,
  async look() {
    const now = await swarm.inventory();
    let compared = 0;
    const differences: string[] = [];
    for (const kind of kinds) {
      const [before, after] = [baseline.objects[kind] ?? {}, now.objects[kind] ?? {}];
      compared += new Set([...Object.keys(before), ...Object.keys(after)]).size;
      differences.push(...differencesOf(kind, before, after));
    }
    return { compared, differences };
  },
});

export function differencesOf(kind: string, before: Objects, after: Objects): string[] {
  const found: string[] = [];
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
    if (!(name in after)) found.push(`${kind}: ${name} is missing`);
    else if (!(name in before)) found.push(`${kind}: ${name} was not there before`);
    else found.push(...paths(before[name], after[name]).map((path) => `${kind}: ${name}${path}`));
  }
  return found;
}

/** Where two values differ, as `.path: before, now after`. */
function paths(before: unknown, after: unknown): string[] {
  if (isObject(before) && isObject(after))
    return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((key) =>
      paths(before[key], after[key]).map((rest) => `.${key}${rest}`),
    );
  const [was, is] = [stable(before), stable(after)];
  return was === is ? [] : [`: was ${shorten(was)}, is ${shorten(is)}`];
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const shorten = (text: string): string => (text.length > 120 ? `${text.slice(0, 117)}…` : text);

/** JSON with sorted keys; arrays of the engine that have no order of their own are sorted too. */
function stable(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  if (Array.isArray(value)) return `[${value.map(stable).sort().join(', ')}]`;
  if (isObject(value))
    return `{${Object.keys(value)
      .sort()
      .map((key) => `${key}: ${stable(value[key])}`)
      .join(', ')}}`;
  return JSON.stringify(value) ?? 'nothing';
}
