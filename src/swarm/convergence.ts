// Which services have all their tasks. Raft does not show it: after a restart or a restore it reports tasks as running whose
// containers are long gone, so every node's own engine is asked, too.
import type { ServiceInspection, TaskInspection } from '../lab/engine/api.ts';
import type { Engine } from '../lab/engine/engine.ts';
import type { Node } from './node.ts';
import { isJob, progressOf, usableNodes, type TaskProgress } from './task-progress.ts';

export interface ServiceProgress extends TaskProgress {
  readonly service: ServiceInspection;
}

/** Returns the progress of every service, as the managers see it. */
export async function readProgress(manager: Engine): Promise<readonly ServiceProgress[]> {
  const [services, tasks, members] = await Promise.all([
    manager.services.list({ status: true }),
    manager.tasks.list(),
    manager.nodes.list(),
  ]);
  const nodes = usableNodes(members);
  return services.map((service) => ({ service, ...progressOf(service, tasks, nodes) }));
}

/** By service name, why it does not have all its tasks; undefined if it has. */
export async function findMissingTasks(
  manager: Engine,
  nodes: readonly Node[],
): Promise<ReadonlyMap<string, string | undefined>> {
  const [all, containers] = await Promise.all([readProgress(manager), runningContainers(nodes)]);
  return new Map(all.map((progress) => [progress.service.Spec.Name, describeMissing(progress, containers)]));
}

function describeMissing(
  { service, due, finished, failed, desired }: ServiceProgress,
  containers: ReadonlySet<string>,
): string | undefined {
  const running = due.filter(
    ({ Status }) => Status.State === 'running' && containers.has(Status.ContainerStatus?.ContainerID ?? ''),
  );
  if (running.length === desired) return undefined;
  const waiting = failed[0] ?? due.find((task) => !running.includes(task));
  const { Name } = service.Spec;
  const done = finished.length > 0 || isJob(service) ? `, ${finished.length} finished` : '';
  return `${Name} runs ${running.length} of ${desired} tasks${done}${waiting ? ` (${stateOf(waiting)})` : ''}`;
}

const stateOf = ({ Status: { State, Err } }: TaskInspection): string =>
  `${State === 'running' ? 'no container' : State}${Err ? `: ${Err}` : ''}`;

/** Ids of the containers that run on the nodes; none on a node whose engine does not answer. */
async function runningContainers(nodes: readonly Node[]): Promise<Set<string>> {
  const lists = await Promise.all(
    nodes.map(({ engine }) => engine.containers.list({ filters: { status: ['running'] } }).catch(() => [])),
  );
  return new Set(lists.flat().map(({ Id }) => Id));
}
