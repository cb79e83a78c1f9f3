// Refuses to stop an engine in the middle of something that runs once: a job would run again from its beginning, and a task that
// Swarm does not restart would stay half-done.
import { finding } from '../../support/errors.ts';
import { readProgress } from '../../swarm/service/convergence.ts';
import { isJob } from '../../swarm/service/task-progress.ts';
import type { Manager } from '../engine/manager.ts';

/** @throws DrillError `unfinished-tasks` with their services */
export async function requireNoUnfinishedTasks({ engine, name }: Manager, nodeId: string): Promise<void> {
  const interrupted = (await readProgress(engine)).filter(
    ({ service, due }) =>
      (isJob(service) || service.Spec.TaskTemplate.RestartPolicy?.Condition === 'none') &&
      due.some(({ NodeID }) => NodeID === nodeId),
  );
  if (interrupted.length === 0) return;
  throw finding(
    `${name}: runs tasks that run only once, and stopping its engine would interrupt them (${interrupted
      .map(({ service }) => service.Spec.Name)
      .toSorted()
      .join(', ')})`,
    {
      code: 'unfinished-tasks',
      hint: 'Back up when they have finished, or back up a manager that runs none of them.',
    },
  );
}
