// Volumes of services that started too early: a restored node has its old labels, so that a service may start on it before its data
// is there, and find the new and empty volume that the engine made for it.
import { ignoreNotFound } from '../../lab/engine/errors.ts';
import { seconds, type Seconds } from '../../support/clock.ts';
import { waitUntil, type Answer } from '../../support/poll.ts';
import { runSidecar, outputOrThrow } from './sidecar.ts';
import { inspectVolume, type Volume } from './volume.ts';

/** A process that waits for its disk ends when the disk has answered, whoever kills it. */
const LIMIT = seconds(120);

/**
 * Takes the volume from whoever uses it, and removes what is in it. Only for a place to restore to: take the labels off its node
 * first (`Swarm.replaceLostMembers` does). Containers of tasks are not stopped but killed: what they wrote is not wanted.
 * @throws DrillError `wait-timeout` when somebody still uses it; `not-vacated`
 */
export async function evictAndEmptyVolume(volume: Volume, limit: Seconds = LIMIT): Promise<Volume> {
  const { swarm, node, name } = volume;
  const { Swarm } = (await node.docker.info()) as { Swarm: { NodeID: string } };
  await waitUntil(`the volume ${name} to be free`, () => takeFromTasks(volume, Swarm.NodeID), { limit });
  if (!(await inspectVolume(volume))) return volume;
  const emptied = await runSidecar(node, {
    image: swarm.imageOf('toolbox'),
    user: '0:0',
    argv: ['find', '/volume', '-mindepth', '1', '-delete'],
    volumes: { [name]: '/volume' },
  });
  outputOrThrow('find', node, 'not-vacated', emptied);
  return volume;
}

async function takeFromTasks({ swarm, node, name }: Volume, id: string): Promise<Answer<void>> {
  const { docker } = await swarm.manager();
  // Asked for first: a task that is on its way here has no container yet.
  const tasks = (await docker.listTasks({
    filters: { node: [id], 'desired-state': ['running'] },
  })) as ListedTask[];
  const users = await node.docker.listContainers({ all: true, filters: { volume: [name] } });
  const ofTasks = users.filter(({ Labels }) => Labels['com.docker.swarm.task.id'] !== undefined);
  // One that the swarm still wants here is replaced by another, which its constraint keeps away.
  for (const { Id } of ofTasks) await ignoreNotFound(node.docker.getContainer(Id).remove({ force: true }));
  const using = users.map(({ Names, Id }) => Names[0]?.slice(1) ?? Id);
  const coming = tasks
    .filter(({ Spec }) => Spec.ContainerSpec?.Mounts?.some(({ Source }) => Source === name))
    .map(({ ID }) => `task ${ID}`);
  const left = [...using, ...coming];
  return left.length === 0 ? { done: undefined } : { notYet: `${left.join(', ')} still uses it` };
}

interface ListedTask {
  readonly ID: string;
  readonly Spec: {
    readonly ContainerSpec?: { readonly Mounts?: readonly { readonly Source?: string }[] | null };
  };
}
