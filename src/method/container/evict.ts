// Frees the volumes of services that started too early: a restored node has its old labels, so a service may start on it before its
// data is restored, on the new and empty volume that the engine created for it.
import { ignoreNotFound } from '../../lab/engine/errors.ts';
import { seconds, type Seconds } from '../../support/clock.ts';
import { waitUntil, type Answer } from '../../support/poll.ts';
import { emptyVolume } from './empty-volume.ts';
import { containerName, inspectVolume, listVolumeUsers, type Volume } from './volume.ts';

/** A process that waits for its disk ends only when the disk has answered, even after SIGKILL. */
const LIMIT = seconds(120);

/**
 * Kills the tasks that use the volume, and removes what is in it. Only for a volume to restore into: remove the labels from its node
 * first (`Swarm.removeLostMembers` does). Tasks are killed without a grace period: what they wrote is discarded.
 * @throws DrillError `wait-timeout` when a container still uses it; `volume-not-emptied`
 */
export async function evictAndEmptyVolume(volume: Volume, limit: Seconds = LIMIT): Promise<Volume> {
  const { node, name } = volume;
  const { Swarm } = await node.engine.info();
  await waitUntil(`the volume ${name} to be free`, () => evictTasks(volume, Swarm.NodeID), { limit });
  if (await inspectVolume(volume)) await emptyVolume(volume);
  return volume;
}

async function evictTasks(volume: Volume, id: string): Promise<Answer<void>> {
  const { swarm, node, name } = volume;
  const { engine } = await swarm.manager();
  // Listed first: a task that was just assigned has no container yet.
  const tasks = await engine.tasks.list({ node: [id], 'desired-state': ['running'] });
  const users = await listVolumeUsers(volume);
  const ofTasks = users.filter(({ Labels }) => Labels['com.docker.swarm.task.id'] !== undefined);
  // Swarm replaces a killed task, and its constraint keeps the new one away from this node.
  for (const { Id } of ofTasks)
    await ignoreNotFound(node.engine.containers.remove(Id, { keepVolumes: true }));
  const using = users.map(containerName);
  const assigned = tasks
    .filter(({ Spec }) => Spec.ContainerSpec?.Mounts?.some(({ Source }) => Source === name))
    .map(({ ID }) => `task ${ID}`);
  const left = [...using, ...assigned];
  return left.length === 0 ? { done: undefined } : { notYet: `${left.join(', ')} still uses it` };
}
