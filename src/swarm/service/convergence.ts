// Which services have all their tasks. Raft does not show it: after a restart or a restore it reports tasks as running whose
// containers are long gone, so every node's own engine is asked, too.
import type { ServiceInspection, TaskInspection } from '../../lab/engine/api.ts';
import type { Engine } from '../../lab/engine/engine.ts';
import type { Node } from '../node/node.ts';
import { isJob, progressOf, usableNodes, type TaskProgress } from './task-progress.ts';

export interface ServiceProgress extends TaskProgress {
  readonly service: ServiceInspection;
  /** All its tasks, also those that others have replaced. */
  readonly tasks: readonly TaskInspection[];
}

/** Why a service does not have all its tasks. */
export interface MissingTasks {
  /** E.g. `shop_web runs 0 of 1 tasks (pending: no suitable node …)`. */
  readonly reason: string;
  /** The task that the reason is about, with the swarm's own error if it has one. */
  readonly task: TaskInspection | undefined;
  /** Whether a task that should run is on its way. */
  readonly isStarting: boolean;
  /** Whether the swarm does not run that task again. */
  readonly isGivenUp: boolean;
}

/** Returns the progress of every service, as the managers see it. */
export async function readProgress(manager: Engine): Promise<readonly ServiceProgress[]> {
  const [services, tasks, members] = await Promise.all([
    manager.services.list({ status: true }),
    manager.tasks.list(),
    manager.nodes.list(),
  ]);
  const nodes = usableNodes(members);
  return services.map((service) => ({
    service,
    tasks: tasks.filter(({ ServiceID }) => ServiceID === service.ID),
    ...progressOf(service, tasks, nodes),
  }));
}

/** By service name, why it does not have all its tasks; undefined if it has. */
export async function findMissingTasks(
  manager: Engine,
  nodes: readonly Node[],
): Promise<ReadonlyMap<string, MissingTasks | undefined>> {
  const [all, containers] = await Promise.all([readProgress(manager), runningContainers(nodes)]);
  return new Map(all.map((progress) => [progress.service.Spec.Name, describeMissing(progress, containers)]));
}

function describeMissing(
  { service, tasks, due, finished, failed, desired }: ServiceProgress,
  containers: ReadonlySet<string>,
): MissingTasks | undefined {
  const here = due.filter(
    ({ Status }) => Status.State === 'running' && containers.has(Status.ContainerStatus?.ContainerID ?? ''),
  );
  const running = here.filter((task) => isSteady(task, tasks));
  if (running.length === desired) return undefined;
  const waiting = due.find((task) => !running.includes(task));
  const last = failed[0] ?? (waiting?.Status.Err ? undefined : lastFailure(tasks, running));
  const { Name } = service.Spec;
  const done = finished.length > 0 || isJob(service) ? `, ${finished.length} finished` : '';
  const states = [
    ...(waiting ? [here.includes(waiting) ? 'just started' : stateOf(waiting)] : []),
    ...(last ? [`${waiting ? 'after ' : ''}${stateOf(last)}`] : []),
  ];
  return {
    reason: `${Name} runs ${running.length} of ${desired} tasks${done}${states.length > 0 ? ` (${states.join(', ')})` : ''}`,
    task: last ?? waiting,
    isStarting: waiting !== undefined,
    isGivenUp: failed.length > 0,
  };
}

/** So long a task must run that replaces one that ended by itself. */
const STEADY_MS = 3000;
/** So soon the swarm replaces a task: after 5 seconds, unless the service says otherwise. */
const REPLACED_WITHIN_MS = 15_000;

/** A service whose tasks crash over and over has a running task now and then. */
function isSteady(task: TaskInspection, tasks: readonly TaskInspection[]): boolean {
  if (Date.now() - timeOf(task) >= STEADY_MS) return true;
  return !tasks.some(
    (other) =>
      placeOf(other) === placeOf(task) &&
      /non-zero exit|unhealthy/.test(other.Status.Err ?? '') &&
      timeOf(task) - timeOf(other) < REPLACED_WITHIN_MS,
  );
}

/** The swarm replaces a task that failed, so its error is in an older task of the same place. */
function lastFailure(
  tasks: readonly TaskInspection[],
  running: readonly TaskInspection[],
): TaskInspection | undefined {
  const served = new Set(running.map(placeOf));
  return tasks
    .filter((task) => ['failed', 'rejected'].includes(task.Status.State) && !served.has(placeOf(task)))
    .sort((a, b) => timeOf(b) - timeOf(a))[0];
}

/** Tasks that replace each other have the same place: a slot, or the node of a global service. */
const placeOf = ({ Slot, NodeID }: TaskInspection): unknown => Slot ?? NodeID;
const timeOf = ({ Status }: TaskInspection): number => Date.parse(Status.Timestamp ?? '') || 0;

const stateOf = ({ Status: { State, Err } }: TaskInspection): string =>
  `${State === 'running' ? 'no container' : State}${Err ? `: ${Err}` : ''}`;

/** Ids of the containers that run on the nodes; none on a node whose engine does not answer. */
async function runningContainers(nodes: readonly Node[]): Promise<Set<string>> {
  const lists = await Promise.all(
    nodes.map(({ engine }) => engine.containers.list({ filters: { status: ['running'] } }).catch(() => [])),
  );
  return new Set(lists.flat().map(({ Id }) => Id));
}
