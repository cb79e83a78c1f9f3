// Whether tasks run in containers that were started on the restored nodes.
import { seconds } from '../support/clock.ts';
import { reasonOf } from '../support/errors.ts';
import type { Swarm } from '../swarm/swarm.ts';
import type { Check } from '../model/check.ts';

/** Tasks of a restored swarm may still be starting when the check begins. */
const CONVERGENCE_LIMIT = seconds(30);

/**
 * Waits up to 30 s for the services, then compares each task that should run with the containers on the nodes. `docker service ls` counts
 * tasks in raft without asking the nodes: after a restore, its "3/3" describes the swarm of the backup.
 */
export const tasksRunning = (swarm: Swarm): Check => ({
  name: 'tasks running',
  required: true,
  doesNotProve: 'that the programs in them work: the application checks do',
  covers: ['tasks'],
  async observe() {
    const late = await swarm.converged(CONVERGENCE_LIMIT).then(
      () => [],
      (error: unknown) => [reasonOf(error)],
    );
    const { engine } = await swarm.manager();
    const tasks = (await engine.tasks.list({ 'desired-state': ['running'] })) as TaskFact[];
    const started = new Map<string, Date>();
    for (const node of swarm.nodes)
      for (const { Id } of await node.engine.containers.list({ filters: { status: ['running'] } })) {
        const { State } = await node.engine.containers.inspect(Id);
        const at = new Date(State.StartedAt);
        started.set(Id, at >= node.startedAt ? at : new Date(0));
      }
    const differences = tasks.flatMap(({ ID, Status }) => {
      const at = started.get(Status.ContainerStatus?.ContainerID ?? '');
      if (!at) return [`task ${ID} (${Status.State}): no node runs its container`];
      return at.getTime() === 0 ? [`task ${ID}: its container is older than its node`] : [];
    });
    return { compared: tasks.length, differences: [...late, ...differences] };
  },
});

interface TaskFact {
  readonly ID: string;
  readonly Status: { readonly State: string; readonly ContainerStatus?: { readonly ContainerID?: string } };
}
