// Volumes that someone removes from a node.
import { ignoreNotFound, isNotFound } from '../lab/engine/errors.ts';
import type { Aftermath } from '../model/disaster.ts';
import { seconds } from '../support/clock.ts';
import { usage } from '../support/errors.ts';
import { waitUntil } from '../support/poll.ts';
import type { Node } from '../swarm/node/node.ts';
import type { Swarm } from '../swarm/swarm.ts';
import { causeIrreversible, type Sighting } from './cause.ts';
import type { Names } from './objects.ts';
import { findTarget } from './targets.ts';

/**
 * Removes volumes of one node with the containers that use them. If a service still uses one, the swarm soon starts a task again, and the
 * engine creates an empty volume of the same name: the proof is the directory of the volume, not its name.
 * @param target a node, or its name
 */
export async function removeVolumes(
  swarm: Swarm,
  target: Node | string,
  names: Names,
): Promise<Aftermath<Swarm>> {
  const node = findTarget(swarm, target);
  const volumes = [names].flat();
  if (volumes.length === 0) throw usage('removeVolumes: no volume is named', 'Name at least one volume.');
  return causeIrreversible(
    {
      name: `remove ${volumes.join(', ')} from ${node.name}`,
      witnesses: volumes.map((name) => ({
        what: `volume ${name} on ${node.name}`,
        id: name,
        look: () => lookAtVolume(swarm, node, name),
      })),
      cause: () => Promise.all(volumes.map((name) => removeVolume(node, name))),
    },
    swarm,
  );
}

/**
 * Runs `docker volume prune` on a node, with `--all`: every volume that no container uses is removed, also named ones. A service that is
 * scaled to 0 does not use its volume.
 * @throws DrillError `usage` if the node has no such volume
 */
export async function pruneVolumes(swarm: Swarm, target: Node | string): Promise<Aftermath<Swarm>> {
  const node = findTarget(swarm, target);
  const unused = await node.engine.volumes.list({ dangling: ['true'] });
  if (unused.length === 0)
    throw usage(
      `pruneVolumes: ${node.name} has no volume without a container`,
      'Scale the service that uses it to 0 first.',
    );
  return causeIrreversible(
    {
      name: `prune the volumes of ${node.name}`,
      witnesses: unused.map(({ Name }) => ({
        what: `volume ${Name} on ${node.name}`,
        id: Name,
        look: () => lookAtVolume(swarm, node, Name),
      })),
      cause: () => node.exec(['docker', 'volume', 'prune', '--all', '--force']),
    },
    swarm,
  );
}

/** A volume that was created again has another directory, which is younger. */
async function lookAtVolume(swarm: Swarm, node: Node, name: string): Promise<Sighting> {
  try {
    await node.engine.volumes.inspect(name);
  } catch (error) {
    if (isNotFound(error)) return { state: 'gone' };
    throw error;
  }
  const { path } = swarm.site.volumeHelper(node.volume);
  const directory = `${path}/volumes/${name}/_data`;
  const created = await swarm.site.execInVolumeHelper([
    'stat',
    '--format',
    'present, inode %i of %w',
    directory,
  ]);
  return { state: created.trim() };
}

/** The swarm may start a task on it in between. */
async function removeVolume({ engine }: Node, name: string): Promise<void> {
  await waitUntil(
    `the removal of ${name}`,
    async () => {
      const users = await engine.containers.list({ all: true, filters: { volume: [name] } });
      for (const { Id } of users) await ignoreNotFound(engine.containers.remove(Id));
      await engine.volumes.remove(name);
      return { done: true };
    },
    { limit: seconds(30) },
  );
}
