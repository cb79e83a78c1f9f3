// Which services miss tasks, and the swarm's own words for the reason. Tasks are as an engine lists them.
import { expect, test } from 'vitest';
import type { ServiceInspection, TaskInspection } from '../../../../src/lab/engine/api.ts';
import type { Engine } from '../../../../src/lab/engine/engine.ts';
import { findMissingTasks } from '../../../../src/swarm/service/convergence.ts';
import type { Node } from '../../../../src/swarm/node/node.ts';

const BIND = 'invalid mount config for type "bind": bind source path does not exist: /srv/gone';

type State = TaskInspection['Status'] & { readonly desired?: string; readonly slot?: number };

/** Tasks are a minute apart, the last one is a minute old. */
const at = (index: number, count: number): Date => new Date(Date.now() + (index - count) * 60_000);

const taskOf = (
  { desired = 'running', slot = 1, ...Status }: State,
  index: number,
  { length }: readonly State[],
): TaskInspection => ({
  ID: `task-${index}`,
  CreatedAt: at(index, length).toISOString(),
  ServiceID: 'service',
  NodeID: 'node',
  Slot: slot,
  DesiredState: desired,
  Spec: {},
  Status: { Timestamp: at(index, length).toISOString(), ...Status },
});

/** What is missing of a service with `desired` tasks; a running task's container is called `here`. */
async function missing(desired: number, states: readonly State[]) {
  const service: ServiceInspection = {
    ID: 'service',
    Version: { Index: 1 },
    Spec: { Name: 'web', Mode: { Replicated: {} }, TaskTemplate: {} },
    ServiceStatus: { DesiredTasks: desired, RunningTasks: 0 },
  };
  const manager = {
    services: { list: async () => [service] },
    tasks: { list: async () => states.map(taskOf) },
    nodes: { list: async () => [] },
  } as unknown as Engine;
  const node = { engine: { containers: { list: async () => [{ Id: 'here' }] } } } as unknown as Node;
  return (await findMissingTasks(manager, [node])).get('web');
}

const RUNNING = { State: 'running', ContainerStatus: { ContainerID: 'here' } };

test.for<[string, number, State[], string | undefined]>([
  ['nothing for a service with all its tasks', 1, [RUNNING], undefined],
  ['nothing for a service with 0 replicas', 0, [], undefined],
  [
    'a container that is gone although the swarm reports it',
    1,
    [{ State: 'running', ContainerStatus: { ContainerID: 'gone' } }],
    'web runs 0 of 1 tasks (no container)',
  ],
  [
    'the scheduler’s reason',
    2,
    [RUNNING, { slot: 2, State: 'pending', Err: 'no suitable node (missing plugin on 1 node)' }],
    'web runs 1 of 2 tasks (pending: no suitable node (missing plugin on 1 node))',
  ],
  [
    'the error of the task that was rejected, while its replacement starts',
    1,
    [{ State: 'rejected', desired: 'shutdown', Err: BIND }, { State: 'preparing' }],
    `web runs 0 of 1 tasks (preparing, after rejected: ${BIND})`,
  ],
  [
    'the newest of several errors, when nothing starts',
    1,
    [
      { State: 'failed', desired: 'shutdown', Err: 'task: non-zero exit (1)' },
      { State: 'failed', desired: 'shutdown', Err: 'task: non-zero exit (7)' },
    ],
    'web runs 0 of 1 tasks (failed: task: non-zero exit (7))',
  ],
  [
    'a task that has just started in place of one that ended by itself',
    1,
    [
      {
        State: 'failed',
        desired: 'shutdown',
        Err: 'task: non-zero exit (7)',
        Timestamp: new Date(Date.now() - 6000).toISOString(),
      },
      { ...RUNNING, Timestamp: new Date(Date.now() - 500).toISOString() },
    ],
    'web runs 0 of 1 tasks (just started, after failed: task: non-zero exit (7))',
  ],
  [
    'no error of a slot that runs now',
    2,
    [{ State: 'failed', desired: 'shutdown', Err: 'old' }, RUNNING, { slot: 2, State: 'starting' }],
    'web runs 1 of 2 tasks (starting)',
  ],
])('reports %s', async ([, desired, states, reason]) => {
  expect((await missing(desired, states))?.reason).toBe(reason);
});
