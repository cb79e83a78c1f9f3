// Whether a service can be scaled to 0 and back without doing harm: no task that runs once may run twice, and no update may continue.
import type { ServiceInspection } from '../../lab/engine/api.ts';
import { isJob, type TaskProgress } from '../../swarm/service/task-progress.ts';

/** Returns whether nothing of the service runs or is going to: 0 replicas, a finished job, a task that ran once. */
export const isIdle = ({ due, desired, failed }: TaskProgress): boolean =>
  due.length === 0 && desired <= failed.length;

/** Any change of a service, also of its labels, makes the engine continue its paused update. */
const UPDATING = ['updating', 'paused', 'rollback_started', 'rollback_paused'];

export interface Objection {
  /** Continues a sentence about the service. */
  readonly reason: string;
  readonly hint: string;
}

/** Returns why the service must not be changed now; undefined if it may be. */
export function updateObjection({ UpdateStatus }: ServiceInspection): Objection | undefined {
  const state = UpdateStatus?.State ?? '';
  if (!UPDATING.includes(state)) return undefined;
  return {
    reason: `must not be changed while its update is unfinished (its state is ${state}): the change would continue the update`,
    hint: 'Finish the update or roll it back, then back up.',
  };
}

/** Returns why the service must not be scaled to 0 and back; undefined if it may be. */
export function pauseObjection(
  service: ServiceInspection,
  { finished, failed }: TaskProgress,
): Objection | undefined {
  const { Mode = {}, TaskTemplate } = service.Spec;
  const wait = 'Back up when it has finished, or without stopping services.';
  if (isJob(service))
    return { reason: 'is a running job, and would run again from its beginning', hint: wait };
  if (!Mode.Replicated)
    return {
      reason: `can't be scaled to 0 (expected Replicated, got ${Object.keys(Mode).join()})`,
      hint: 'Back up without stopping it, or stop the service yourself first.',
    };
  if (TaskTemplate.RestartPolicy?.Condition === 'none')
    return { reason: 'runs only once (restart policy none), and would run again', hint: wait };
  const ended = finished.length + failed.length;
  if (ended > 0)
    return {
      reason: `has ${ended} tasks that have ended, which would run again`,
      hint: 'Scale it down to the tasks that run, or back up without stopping services.',
    };
  return updateObjection(service);
}
