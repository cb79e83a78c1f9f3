// The volumes of running services: which one is mounted where, and whether the service's own user may still read and write it.
import type { Check } from '../../model/check.ts';
import type { Swarm } from '../../swarm/swarm.ts';
import { listServiceContainers, type ServiceContainer } from './service-containers.ts';
import { readProcessUser, readVolumeFacts, type VolumeFacts } from './volume-facts.ts';

/** A volume as one task has it. */
export interface MountedVolume extends VolumeFacts {
  /** Its name; `anonymous` if the engine made it up. */
  readonly volume: string;
  readonly driver: string;
  /** On how many nodes there is a volume of this name. */
  readonly copies: number;
}

/** By task and path, e.g. `shop_web.1: /srv/files`. */
export type MountedVolumes = Readonly<Record<string, MountedVolume>>;

type Mount = ServiceContainer['inspection']['Mounts'][number] & { readonly Name: string };

/** The engine's names for volumes that nothing names. */
export const isAnonymous = (volume: string): boolean => /^[0-9a-f]{64}$/.test(volume);

export const volumeMountsOf = ({ inspection }: ServiceContainer): Mount[] =>
  inspection.Mounts.filter((mount): mount is Mount => mount.Type === 'volume' && mount.Name !== undefined);

/** Reads every volume that a running task mounts, as the user of the task's main process. */
export async function readMountedVolumes(swarm: Swarm): Promise<MountedVolumes> {
  const nodesByVolume = await countCopies(swarm);
  const found: [string, MountedVolume][] = [];
  for (const container of await listServiceContainers(swarm)) {
    const mounts = volumeMountsOf(container);
    const user = mounts.length > 0 ? await readProcessUser(container) : [];
    for (const { Name, Destination, Driver = 'local' } of mounts)
      found.push([
        `${container.task}: ${Destination}`,
        {
          volume: isAnonymous(Name) ? 'anonymous' : Name,
          driver: Driver,
          copies: nodesByVolume.get(Name) ?? 0,
          ...(await readVolumeFacts(container, Name, user)),
        },
      ]);
  }
  return Object.fromEntries(found);
}

async function countCopies({ nodes }: Swarm): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  for (const { engine } of nodes)
    for (const { Name } of await engine.volumes.list().catch(() => []))
      counts.set(Name, (counts.get(Name) ?? 0) + 1);
  return counts;
}

/**
 * Compares what each task mounts with `baseline`: the volume, owner and mode of its root directory, and what the service's own user may
 * do there. A volume of the same name on more nodes than before is a difference: a service that starts on another node gets an empty
 * volume, without an error.
 */
export const mountedVolumesMatch = (swarm: Swarm, baseline: MountedVolumes): Check => ({
  name: 'mounted volumes match',
  required: true,
  doesNotProve: 'the bytes in the volumes, or anything about tasks that do not run',
  covers: ['volumes'],
  async observe() {
    const now = await readMountedVolumes(swarm);
    const differences = Object.entries(baseline).flatMap(([place, was]) =>
      volumeDifferences(was, now[place]).map((difference) => `${place}: ${difference}`),
    );
    return { compared: Object.keys(baseline).length, differences };
  },
});

/** What a volume must have as it was. */
const SAME = {
  volume: 'volume',
  driver: 'driver',
  owner: 'owner of its root directory',
  mode: 'mode of its root directory',
} as const;

/** Returns one sentence for each difference that keeps a service from its data. */
export function volumeDifferences(was: MountedVolume, now: MountedVolume | undefined): string[] {
  if (!now) return ['no running task mounts a volume there'];
  const differences = Object.entries(SAME)
    .map(([key, what]) => ({
      what,
      before: was[key as keyof typeof SAME],
      after: now[key as keyof typeof SAME],
    }))
    .filter(({ before, after }) => before !== after)
    .map(({ what, before, after }) => `${what}: expected ${before}, got ${after}`);
  if (was.entries > 0 && now.entries === 0) differences.push(`is empty (${was.entries} entries before)`);
  if (was.isWritable && !now.isWritable)
    differences.push("the service's user can't create files in its root directory");
  for (const [key, verb] of [
    ['unreadable', 'read'],
    ['unwritable', 'write'],
  ] as const)
    if (now[key] > was[key])
      differences.push(
        `the service's user can't ${verb} ${now[key]} of ${now.entries} entries (${was[key]} before)`,
      );
  if (now.copies > was.copies)
    differences.push(
      `volume ${now.volume} exists on ${now.copies} nodes (${was.copies} before): one of them has data that the service does not see`,
    );
  return differences;
}
