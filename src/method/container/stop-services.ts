// Stops services while something is done to their data, and starts them again with the replicas that they had, in every case.
import { seconds } from '../../support/clock.ts';
import { finding } from '../../support/errors.ts';
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
import type { Volume } from './volume.ts';

/**
 * Scales the services (by name or id) to 0 replicas, waits until no task is left, runs `body`, and gives them back the replicas
 * that they had. A service with 0 replicas stays at 0.
 *
 * As after every update, a later `docker service rollback` undoes this change, not the one before it.
 * @throws DrillError `not-pausable` for a global service or a job; what `body` throws; `not-resumed` when one does not start again
 */
export async function withServicesStopped<T>(
  swarm: Swarm,
  services: readonly string[],
  body: () => Promise<T>,
): Promise<T> {
  const found = await recordServices(swarm, services);
  const running = found.filter(({ mode }) => mode.Replicated?.Replicas !== 0);
  return withServicesResumed(swarm, running, async () => {
    await scaleToZero(swarm, running);
    return body();
  });
}

/** `withServicesStopped` for every service that mounts the volume. @throws DrillError `volume-in-use` when another container uses it */
export async function withVolumeUnused<T>(volume: Volume, body: () => Promise<T>): Promise<T> {
  const { swarm, node, name } = volume;
  return withServicesStopped(swarm, await findServicesUsing(volume), async () => {
    const users = await node.engine.containers.list({ filters: { volume: [name], status: ['running'] } });
    if (users.length > 0)
      throw finding(
        `volume ${name}: still used by ${users.map(({ Names, Id }) => Names[0]?.slice(1) ?? Id).join(', ')}`,
        {
          code: 'volume-in-use',
          node: node.name,
          hint: 'Stop the containers that do not belong to a service of this swarm, or back up without stopping services.',
        },
      );
    return body();
  });
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
