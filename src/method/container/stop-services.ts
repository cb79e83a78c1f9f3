// Stops services while something is done to their data, and starts them again with the replicas that they had, in every case.
import type { ContainerSummary } from '../../lab/engine/api.ts';
import type { Downtime } from '../../model/downtime.ts';
import { monotonic, seconds } from '../../support/clock.ts';
import { finding } from '../../support/errors.ts';
import { step } from '../../support/trace.ts';
import type { Swarm } from '../../swarm/swarm.ts';
import { withCleanup } from '../../support/with-cleanup.ts';
import {
  recordServices,
  SCALE_LIMIT,
  restoreReplicas,
  findServicesUsing,
  scaleToZero,
  type RecordedService,
} from './replicas.ts';
import { containerName, listVolumeUsers, type Volume } from './volume.ts';

/**
 * Scales the services (by name or id) to 0 replicas, waits until no task is left, runs `body`, and gives them back the replicas
 * that they had. What is idle is not touched: a service with 0 replicas, a finished job, a service whose tasks have ended for good.
 *
 * As after every update, a later `docker service rollback` undoes this change, not the one before it.
 * @throws DrillError `not-pausable` before anything is stopped, when this would do harm: a running job or a task that runs once would
 * run again, an unfinished update would continue, a global service can't be scaled; what `body` throws; `not-resumed` when a service
 * does not start again
 */
export async function withServicesStopped<T>(
  swarm: Swarm,
  services: readonly string[],
  body: () => Promise<T>,
): Promise<T> {
  return (await stopServices(swarm, services, body)).result;
}

/**
 * `withServicesStopped` for every service that mounts the volume. Returns what was stopped, and for how long.
 * @throws DrillError `volume-in-use` when another container uses the volume, also when it did so only during `body`
 */
export async function withVolumeUnused(
  volume: Volume,
  body: () => Promise<unknown>,
): Promise<readonly Downtime[]> {
  const { downtimes } = await stopServices(volume.swarm, await findServicesUsing(volume), async () => {
    const before = await listVolumeUsers(volume);
    requireNone(
      before.filter(({ State }) => State === 'running'),
      volume,
      'still used by',
    );
    await body();
    const known = new Set(before.map(({ Id }) => Id));
    const since = (await listVolumeUsers(volume)).filter(
      ({ Id, State }) => State === 'running' || !known.has(Id),
    );
    requireNone(since, volume, 'used during the backup by');
  });
  return downtimes;
}

/** Runs `body`, then restores the replicas of the services, also those that something else changed. */
export const withServicesResumed = <T>(
  swarm: Swarm,
  found: readonly RecordedService[],
  body: () => Promise<T>,
): Promise<T> =>
  withCleanup(body, () => restoreReplicas(swarm, found), {
    code: 'not-resumed',
    limit: seconds(2 * SCALE_LIMIT),
  });

interface Stopped<T> {
  readonly result: T;
  readonly downtimes: readonly Downtime[];
}

async function stopServices<T>(
  swarm: Swarm,
  services: readonly string[],
  body: () => Promise<T>,
): Promise<Stopped<T>> {
  const found = await recordServices(swarm, services);
  if (found.length === 0) return { result: await body(), downtimes: [] };
  const names = found.map(({ name }) => name);
  const began = monotonic();
  const result = await step(`while ${names.join(', ')} ${names.length === 1 ? 'is' : 'are'} stopped`, () =>
    withServicesResumed(swarm, found, async () => {
      await scaleToZero(swarm, found);
      return body();
    }),
  );
  const downtime = monotonic() - began;
  return { result, downtimes: names.map((name) => ({ what: `service ${name}`, seconds: downtime })) };
}

function requireNone(users: readonly ContainerSummary[], { node, name }: Volume, how: string): void {
  if (users.length === 0) return;
  throw finding(`volume ${name}: ${how} ${users.map(containerName).join(', ')}`, {
    code: 'volume-in-use',
    node: node.name,
    hint: 'Stop the containers that do not belong to a service of this swarm, or back up without stopping services.',
  });
}
