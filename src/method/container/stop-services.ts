// Services switched off while something is done to their data, and on again as they were, whatever happens meanwhile.
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
 * Scales the services (by name or id) to no tasks, waits until none is left, runs `body`, and brings them back with the replicas
 * that they had. One that has none is left alone.
 *
 * `docker service rollback` would undo this change, not the one before it, as after every other update.
 * @throws DrillError `not-pausable` for a global service or a job; what `body` throws; `not-resumed` when one stays away
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

/** `withServicesStopped` for every service that mounts the volume. @throws DrillError `volume-in-use` when somebody else uses it */
export async function withVolumeUnused<T>(volume: Volume, body: () => Promise<T>): Promise<T> {
  const { swarm, node, name } = volume;
  return withServicesStopped(swarm, await findServicesUsing(volume), async () => {
    const users = await node.docker.listContainers({ filters: { volume: [name], status: ['running'] } });
    if (users.length > 0)
      throw finding(
        `${users.map(({ Names, Id }) => Names[0]?.slice(1) ?? Id).join(', ')} still uses ${name}`,
        {
          code: 'volume-in-use',
          node: node.name,
          hint: 'stop what is no service of this swarm yourself, or take the backup live',
        },
      );
    return body();
  });
}

/** Runs `body`; afterwards the services are as they were found, whoever changed their replicas. */
export const withServicesResumed = <T>(
  swarm: Swarm,
  found: readonly RecordedService[],
  body: () => Promise<T>,
): Promise<T> =>
  withCleanup(body, () => restoreReplicas(swarm, found), {
    code: 'not-resumed',
    limit: seconds(2 * SCALE_LIMIT),
  });
