// Which services have all their tasks. Raft does not show it: after a restart or a restore it reports tasks as running whose
// containers are long gone, so every node's own engine is asked, too.
import type { ServiceInspection, TaskInspection } from '../lab/engine/api.ts';
import type { Engine } from '../lab/engine/engine.ts';
import type { Node } from './node.ts';

/** By service name, why it does not have all its tasks; undefined if it has. */
export async function findMissingTasks(
  manager: Engine,
  nodes: readonly Node[],
): Promise<ReadonlyMap<string, string | undefined>> {
  const [services, tasks, containers] = await Promise.all([
    manager.services.list({ status: true }),
    manager.tasks.list({ 'desired-state': ['running'] }),
    runningContainers(nodes),
  ]);
  return new Map(services.map((service) => [service.Spec.Name, describeMissing(service, tasks, containers)]));
}

function describeMissing(
  { ID, Spec, ServiceStatus }: ServiceInspection,
  tasks: readonly TaskInspection[],
  containers: ReadonlySet<string>,
): string | undefined {
  const own = tasks.filter(({ ServiceID }) => ServiceID === ID);
  const running = own.filter(
    ({ Status }) => Status.State === 'running' && containers.has(Status.ContainerStatus?.ContainerID ?? ''),
  );
  const desired = ServiceStatus?.DesiredTasks ?? Spec.Mode?.Replicated?.Replicas ?? 0;
  if (running.length === desired) return undefined;
  const waiting = own.find((task) => !running.includes(task));
  return `${Spec.Name} runs ${running.length} of ${desired} tasks${waiting ? ` (${stateOf(waiting)})` : ''}`;
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
