// Whether tasks run in containers that were started on the restored nodes.
import type { TaskInspection } from '../lab/engine/api.ts';
import { seconds } from '../support/clock.ts';
import { reasonOf } from '../support/errors.ts';
import { readProgress } from '../swarm/service/convergence.ts';
import type { Swarm } from '../swarm/swarm.ts';
import type { Check } from '../model/check.ts';

/** Tasks of a restored swarm may still be starting when the check begins. */
const CONVERGENCE_LIMIT = seconds(30);

/**
 * Waits up to 30 s for the services, then compares each task that should run with the containers on the nodes. `docker service ls` counts
 * tasks in raft without asking the nodes: after a restore, its "3/3" describes the swarm of the backup. Tasks that Swarm runs only until
 * they succeed (jobs, and services with another restart policy than `any`) must run or have succeeded.
 */
export const tasksRunning = (swarm: Swarm): Check => ({
  name: 'tasks running',
  required: true,
  doesNotProve:
    'that the programs in them work: the application checks do; or what a finished task did, which raft remembers without its data',
  covers: ['tasks'],
  async observe() {
    const late = await swarm.converged(CONVERGENCE_LIMIT).then(
      () => [],
      (error: unknown) => [reasonOf(error)],
    );
    const { engine } = await swarm.manager();
    const progress = await readProgress(engine);
    const due = progress.flatMap((one) => one.due);
    const finished = progress.flatMap((one) => one.finished);
    const failed = progress.flatMap((one) => one.failed);
    const started = await startTimes(swarm);
    const differences = [
      ...late,
      ...failed.map(({ ID, Status }) => `task ${ID} (${Status.State}): Swarm does not run it again`),
      ...due.flatMap((task) => differenceOf(task, started)),
    ];
    return {
      compared: due.length + finished.length + failed.length,
      differences,
      ...(differences.length === 0 &&
        finished.length > 0 && { detail: `${due.length} tasks run, ${finished.length} have finished` }),
    };
  },
});

/** Start of each running container by its id; 0 of one that is older than its node. */
async function startTimes(swarm: Swarm): Promise<ReadonlyMap<string, Date>> {
  const started = new Map<string, Date>();
  for (const node of swarm.nodes)
    for (const { Id } of await node.engine.containers.list({ filters: { status: ['running'] } })) {
      const { State } = await node.engine.containers.inspect(Id);
      const at = new Date(State.StartedAt);
      started.set(Id, at >= node.startedAt ? at : new Date(0));
    }
  return started;
}

function differenceOf({ ID, Status }: TaskInspection, started: ReadonlyMap<string, Date>): string[] {
  const at = started.get(Status.ContainerStatus?.ContainerID ?? '');
  if (!at) return [`task ${ID} (${Status.State}): no node runs its container`];
  return at.getTime() === 0 ? [`task ${ID}: its container is older than its node`] : [];
}
