// How far a service is with its tasks: which run, which have finished for good, which have failed for good. A job or a service that
// Swarm does not restart is where it should be when its tasks have ended with success.
import type { Member, ServiceInspection, TaskInspection } from '../../lab/engine/api.ts';

export interface TaskProgress {
  /** Tasks that should be running, in any state on the way there. */
  readonly due: readonly TaskInspection[];
  /** Tasks that ended with success and that Swarm does not run again. */
  readonly finished: readonly TaskInspection[];
  /** Tasks that failed and that Swarm does not run again. */
  readonly failed: readonly TaskInspection[];
  /** How many tasks should be running now. */
  readonly desired: number;
}

/** Ids of the members where tasks run: those that are ready and not drained. */
export const usableNodes = (members: readonly Member[]): ReadonlySet<string> =>
  new Set(
    members
      .filter(({ Status, Spec }) => Status.State === 'ready' && Spec.Availability !== 'drain')
      .map(({ ID }) => ID),
  );

/**
 * Returns the progress of one service.
 * @param tasks of any service, in any state
 * @param nodes ids of the nodes where tasks run; what a global service did on another node does not count
 */
export function progressOf(
  service: ServiceInspection,
  tasks: readonly TaskInspection[],
  nodes: ReadonlySet<string>,
): TaskProgress {
  const { Global, GlobalJob } = service.Spec.Mode ?? {};
  const isGlobal = (Global ?? GlobalJob) !== undefined;
  const isCounted = ({ NodeID = '' }: TaskInspection): boolean => !isGlobal || nodes.has(NodeID);
  const current = tasks.filter((task) => task.ServiceID === service.ID && belongsToNow(service, task));
  const newest = newestPerSlot(current, isGlobal).filter(isCounted);
  const finished = newest.filter((task) => hasFinished(service, task));
  const failed = newest.filter((task) => hasGivenUp(service, task));
  return {
    due: current.filter((task) => isDue(task) && !finished.includes(task) && (!GlobalJob || isCounted(task))),
    finished,
    failed,
    desired: countDesired(service, newest, finished, failed),
  };
}

/** Returns whether Swarm runs the service's tasks only until they succeed: a job, or a service with another restart policy than `any`. */
export const runsToCompletion = (service: ServiceInspection): boolean =>
  isJob(service) ||
  ['none', 'on-failure'].includes(service.Spec.TaskTemplate.RestartPolicy?.Condition ?? 'any');

export const isJob = ({ Spec: { Mode = {} } }: ServiceInspection): boolean =>
  (Mode.ReplicatedJob ?? Mode.GlobalJob) !== undefined;

/** Excludes tasks that are being removed, and those of earlier runs of a job. */
const belongsToNow = (
  { JobStatus }: ServiceInspection,
  { DesiredState, JobIteration }: TaskInspection,
): boolean =>
  DesiredState !== 'remove' && (JobStatus?.JobIteration?.Index ?? 0) === (JobIteration?.Index ?? 0);

function newestPerSlot(tasks: readonly TaskInspection[], byNode: boolean): TaskInspection[] {
  const newest = new Map<string, TaskInspection>();
  for (const task of tasks) {
    const slot = byNode ? (task.NodeID ?? '') : String(task.Slot ?? 0);
    const other = newest.get(slot);
    if (!other || createdAt(other) < createdAt(task)) newest.set(slot, task);
  }
  return [...newest.values()];
}

/** Can be compared as text. The engine drops trailing zeros of the nanoseconds. */
function createdAt({ CreatedAt = '' }: TaskInspection): string {
  const [second = '', fraction = ''] = CreatedAt.replace(/Z$/, '').split('.');
  return `${second}.${fraction.padEnd(9, '0')}`;
}

/** The tasks of a job are to be complete, not running. */
const isDue = ({ DesiredState }: TaskInspection): boolean =>
  DesiredState === 'running' || DesiredState === 'complete';

const hasFinished = (service: ServiceInspection, { Status }: TaskInspection): boolean =>
  Status.State === 'complete' && runsToCompletion(service);

/** Swarm creates the task that replaces another one in the same moment: the newest of a slot has no replacement. */
function hasGivenUp(service: ServiceInspection, { DesiredState, Status }: TaskInspection): boolean {
  const { Condition, MaxAttempts = 0 } = service.Spec.TaskTemplate.RestartPolicy ?? {};
  const mayGiveUp = Condition === 'none' || MaxAttempts > 0;
  const failures = runsToCompletion(service) ? ['failed', 'rejected'] : ['failed', 'rejected', 'complete'];
  return mayGiveUp && DesiredState === 'shutdown' && failures.includes(Status.State);
}

function countDesired(
  { Spec: { Mode = {} }, ServiceStatus }: ServiceInspection,
  newest: readonly TaskInspection[],
  finished: readonly TaskInspection[],
  failed: readonly TaskInspection[],
): number {
  const { ReplicatedJob, GlobalJob, Replicated } = Mode;
  if (ReplicatedJob) {
    const { MaxConcurrent = 1, TotalCompletions = MaxConcurrent } = ReplicatedJob;
    return Math.min(MaxConcurrent, Math.max(0, TotalCompletions - finished.length));
  }
  if (GlobalJob) return newest.length - finished.length;
  if (Replicated) {
    const replicas = ServiceStatus?.DesiredTasks ?? Replicated.Replicas ?? 0;
    return Math.max(0, replicas - finished.length);
  }
  // The engine counts the tasks of a global service that it wants to run: not those that it has given up.
  return (ServiceStatus?.DesiredTasks ?? 0) + failed.length;
}
