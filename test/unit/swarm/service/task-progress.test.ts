// The states of tasks are those that an engine (26.1.5) reported for such services.
import { expect, test } from 'vitest';
import type { ServiceInspection, ServiceMode, TaskInspection } from '../../../../src/lab/engine/api.ts';
import { progressOf } from '../../../../src/swarm/service/task-progress.ts';

const NODES = new Set(['node-1', 'node-2']);

interface TaskState {
  readonly state: string;
  readonly desired?: string;
  readonly slot?: number;
  readonly node?: string;
  readonly run?: number;
  readonly at?: string;
}

const task = ({
  state,
  desired,
  slot,
  node = 'node-1',
  run,
  at = '09:56:54.5Z',
}: TaskState): TaskInspection => ({
  ID: `${slot}-${node}-${at}`,
  ServiceID: 'service',
  NodeID: node,
  DesiredState: desired ?? (state === 'running' ? 'running' : 'shutdown'),
  CreatedAt: `2026-11-26T${at}`,
  Spec: {},
  Status: { State: state },
  ...(slot !== undefined && { Slot: slot }),
  ...(run !== undefined && { JobIteration: { Index: run } }),
});

interface ServiceState {
  readonly mode: ServiceMode;
  readonly condition?: string;
  readonly maxAttempts?: number;
  /** What the engine says, which it counts itself. */
  readonly desired?: number;
  readonly run?: number;
}

function progress({ mode, condition, maxAttempts, desired, run }: ServiceState, ...tasks: TaskState[]) {
  const policy = {
    ...(condition !== undefined && { Condition: condition }),
    ...(maxAttempts !== undefined && { MaxAttempts: maxAttempts }),
  };
  const service: ServiceInspection = {
    ID: 'service',
    Version: { Index: 1 },
    Spec: { Name: 'migrate', Mode: mode, TaskTemplate: { RestartPolicy: policy } },
    ...(desired !== undefined && { ServiceStatus: { DesiredTasks: desired, RunningTasks: 0 } }),
    ...(run !== undefined && { JobStatus: { JobIteration: { Index: run } } }),
  };
  const { due, finished, failed, desired: left } = progressOf(service, tasks.map(task), NODES);
  return { due: due.length, finished: finished.length, failed: failed.length, desired: left };
}

const ONE = { Replicated: { Replicas: 1 } };
const JOB = { ReplicatedJob: { MaxConcurrent: 1, TotalCompletions: 1 } };
/** Nothing is left to run, and nothing failed. */
const done = (finished: number) => ({ due: 0, finished, failed: 0, desired: 0 });

test('expects nothing more of a job that has finished', () => {
  expect(progress({ mode: JOB, run: 0 }, { state: 'complete', desired: 'complete' })).toEqual(done(1));
});

test('expects a failed job to run', () => {
  const failed = { state: 'failed', desired: 'shutdown' };
  expect(progress({ mode: JOB, condition: 'none' }, failed)).toEqual({
    due: 0,
    finished: 0,
    failed: 1,
    desired: 1,
  });
});

test('does not count what a job did in an earlier run', () => {
  const earlier = { state: 'complete', desired: 'complete', run: 0 };
  const now = { state: 'running', desired: 'complete', run: 1 };
  expect(progress({ mode: JOB, run: 1 }, earlier, now)).toEqual({
    due: 1,
    finished: 0,
    failed: 0,
    desired: 1,
  });
});

test('expects as many tasks of a job as may run at once and are left', () => {
  const mode = { ReplicatedJob: { MaxConcurrent: 2, TotalCompletions: 4 } };
  const over = (slot: number) => ({ state: 'complete', desired: 'complete', slot });
  const runs = (slot: number) => ({ state: 'running', desired: 'complete', slot });
  expect(progress({ mode }, over(0), runs(1), runs(2))).toMatchObject({ due: 2, finished: 1, desired: 2 });
  expect(progress({ mode }, over(0), over(1), over(2), runs(3))).toMatchObject({ due: 1, desired: 1 });
  expect(progress({ mode }, over(0), over(1), over(2), over(3))).toEqual(done(4));
});

test('counts a global job on the nodes that the swarm has', () => {
  const mode = { GlobalJob: {} };
  const over = (node: string) => ({ state: 'complete', desired: 'complete', node });
  const lost = { state: 'pending', desired: 'complete', node: 'lost' };
  expect(progress({ mode }, over('node-1'), over('node-2'), lost)).toEqual(done(2));
  const failed = { state: 'failed', desired: 'shutdown', node: 'node-2' };
  expect(progress({ mode, maxAttempts: 1 }, over('node-1'), failed)).toMatchObject({ failed: 1, desired: 1 });
});

test.for(['none', 'on-failure'])(
  'expects nothing of a service that ended well (restart: %s)',
  (condition) => {
    expect(progress({ mode: ONE, condition, desired: 1 }, { state: 'complete', slot: 1 })).toEqual(done(1));
  },
);

test('expects a failed service that is not restarted to run', () => {
  const failed = { state: 'failed', slot: 1 };
  expect(progress({ mode: ONE, condition: 'none', desired: 1 }, failed)).toMatchObject({
    finished: 0,
    failed: 1,
    desired: 1,
  });
});

test.for([{}, { condition: 'any' }])('expects a service that ended and is restarted to run: %j', (policy) => {
  const tasks = [
    { state: 'complete', slot: 1 },
    { state: 'preparing', desired: 'ready', slot: 1, at: '09:56:59.1Z' },
  ];
  expect(progress({ mode: ONE, ...policy, desired: 1 }, ...tasks)).toMatchObject({ finished: 0, desired: 1 });
});

test('uses the newest task of a slot, also within a second', () => {
  const older = { state: 'complete', slot: 1, at: '09:56:54.51Z' };
  const newer = { state: 'running', slot: 1, at: '09:56:54.512Z' };
  for (const tasks of [
    [older, newer],
    [newer, older],
  ])
    expect(progress({ mode: ONE, condition: 'on-failure', desired: 1 }, ...tasks)).toMatchObject({
      due: 1,
      finished: 0,
      desired: 1,
    });
});

test('counts running and finished tasks of one service together', () => {
  const tasks = [
    { state: 'complete', slot: 1 },
    { state: 'running', slot: 2 },
  ];
  const mode = { Replicated: { Replicas: 2 } };
  expect(progress({ mode, condition: 'on-failure', desired: 2 }, ...tasks)).toEqual({
    due: 1,
    finished: 1,
    failed: 0,
    desired: 1,
  });
});

test('expects nothing of a service with 0 replicas', () => {
  expect(progress({ mode: { Replicated: { Replicas: 0 } }, desired: 0 })).toEqual(done(0));
});

test('expects a global service to run where Swarm has given it up', () => {
  // The engine wants 0 tasks of such a service.
  const service = { mode: { Global: {} }, condition: 'on-failure', maxAttempts: 1, desired: 0 };
  const gaveUp = (node: string) => ({ state: 'failed', node });
  expect(progress(service, gaveUp('node-1'), gaveUp('node-2'), gaveUp('lost'))).toMatchObject({
    failed: 2,
    desired: 2,
  });
});

test('expects nothing of a global service that ran once on every node', () => {
  const service = { mode: { Global: {} }, condition: 'none', desired: 0 };
  const over = (node: string) => ({ state: 'complete', node });
  expect(progress(service, over('node-1'), over('node-2'))).toEqual(done(2));
});
