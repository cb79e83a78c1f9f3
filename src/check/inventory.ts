// Compares the restored swarm with the baseline, object by object.
import type { Aspect } from '../model/aspect.ts';
import { listDifferences } from '../swarm/differences.ts';
import type { Inventory, InventoryKind, Objects } from '../swarm/inventory.ts';
import type { Swarm } from '../swarm/swarm.ts';
import type { AspectSeen, Check } from '../model/check.ts';

/** Kinds whose objects must be equal after a restore. Tasks have a separate check, and images are not data. */
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

/** Kinds that are an aspect of a method, or a part of one. */
const ASPECT_OF: Partial<Record<InventoryKind, Aspect>> = {
  'cluster identity': 'cluster identity',
  'join tokens': 'cluster identity',
  'node labels': 'node labels',
  services: 'services',
  networks: 'networks',
  'published ports': 'published ports',
};

export interface InventoryOptions {
  readonly kinds?: readonly InventoryKind[];
  /** Aspects that the method declares as lost: compared, and never a failure. */
  readonly loses?: readonly Aspect[];
}

/**
 * Compares the objects that the swarm and its engines list with those of `baseline`; not the bytes in volumes, nor the values of secrets.
 * @param baseline the inventory that the drill took before the backup: `baseline.inventory`
 */
export const inventoryMatches = (
  swarm: Swarm,
  baseline: Inventory,
  { kinds = COMPARED_KINDS, loses = [] }: InventoryOptions = {},
): Check => ({
  name: 'inventory matches',
  required: true,
  doesNotProve: 'the bytes in volumes, the values of secrets, or that tasks run',
  covers: kinds.filter((kind) => !loses.includes(ASPECT_OF[kind] as Aspect)),
  async observe() {
    const now = await swarm.inventory();
    let compared = 0;
    const differences: string[] = [];
    const aspects: AspectSeen[] = [replicaCounts(baseline, now)];
    for (const kind of kinds) {
      const before = baseline.objects[kind] ?? {};
      const after = now.objects[kind] ?? {};
      const names = new Set([...Object.keys(before), ...Object.keys(after)]).size;
      const found = differencesBetween(kind, before, after);
      const aspect = ASPECT_OF[kind];
      if (aspect) aspects.push({ aspect, compared: names, mismatched: found.length });
      if (aspect && loses.includes(aspect)) continue;
      compared += names;
      differences.push(...found);
    }
    return { compared, differences, aspects };
  },
});

/** Compared apart from the rest of a service: no replicas, no number of replicas and a task on every node are three things. */
function replicaCounts(before: Inventory, after: Inventory): AspectSeen {
  const modes = ({ objects }: Inventory): Objects =>
    Object.fromEntries(
      Object.entries(objects.services ?? {}).map(([name, spec]) => [name, (spec as { Mode?: unknown }).Mode]),
    );
  const was = modes(before);
  return {
    aspect: 'replica counts',
    compared: Object.keys(was).length,
    mismatched: differencesBetween('mode', was, modes(after)).length,
  };
}

/** Returns one sentence for each object that is missing, new or changed, and for each field that differs. `kind` begins each sentence. */
export function differencesBetween(kind: string, before: Objects, after: Objects): string[] {
  const found: string[] = [];
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
    if (!(name in after)) found.push(`${kind}: ${name} is missing`);
    else if (!(name in before)) found.push(`${kind}: ${name} was not there before`);
    else found.push(...listDifferences(before[name], after[name]).map((path) => `${kind}: ${name}${path}`));
  }
  return found;
}
