// When a wait for services ends early: the error is one that no waiting changes, and it stays.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { seconds } from '../../../../src/support/clock.ts';
import type { MissingTasks } from '../../../../src/swarm/service/convergence.ts';
import { isPermanent, PermanentErrors } from '../../../../src/swarm/service/permanent-errors.ts';

test.for([
  ['invalid mount config for type "bind": bind source path does not exist: /srv/gone', true],
  ['No such image: registry.test/web:2', true],
  ['no suitable node (scheduling constraints not satisfied on 1 node)', true],
  ['no suitable node (unsupported platform on 1 node; missing plugin on 2 nodes)', true],
  ['no suitable node (max replicas per node limit exceed)', true],
  // A node may return, and a task may end.
  [
    'no suitable node (1 node not available for new tasks; scheduling constraints not satisfied on 1 node)',
    false,
  ],
  ['no suitable node (insufficient resources on 1 node)', false],
  ['no suitable node (host-mode port already in use on 1 node)', false],
  ['no suitable node', false],
  ['task: non-zero exit (1)', false],
] as const)('%s: permanent %s', ([error, permanent]) => {
  expect(isPermanent(error)).toBe(permanent);
});

let now = 0;
beforeEach(() => {
  now = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => now * 1000);
});
afterEach(() => vi.restoreAllMocks());

const GONE = 'No such image: web:2';
const missing = (ID: string, State: string, Err: string, isStarting: boolean): MissingTasks => ({
  reason: Err,
  isStarting,
  isGivenUp: false,
  task: { ID, ServiceID: 's', DesiredState: 'running', Spec: {}, Status: { State, Err } },
});

/** Looks once a second at what `at` returns, and returns the second in which waiting is given up. */
function givenUpAt(at: (second: number) => MissingTasks | undefined): number | undefined {
  const errors = new PermanentErrors(seconds(15));
  for (now = 0; now < 120; now++) if (errors.observe('web', at(now))) return now;
  return undefined;
}

test('gives up on a task that no node suits', () => {
  const unsuitable = 'no suitable node (scheduling constraints not satisfied on 1 node)';
  expect(givenUpAt(() => missing('a', 'pending', unsuitable, true))).toBe(15);
});

test('gives up on tasks that are rejected again and again', () => {
  expect(givenUpAt((second) => missing(`task-${Math.floor(second / 6)}`, 'rejected', GONE, true))).toBe(15);
});

test('gives up when nothing replaces the rejected task', () => {
  expect(givenUpAt(() => missing('a', 'rejected', GONE, false))).toBe(15);
});

test('gives up on a task that failed and is not run again', () => {
  const failed = missing('a', 'failed', 'task: non-zero exit (1)', false);
  expect(givenUpAt(() => ({ ...failed, isGivenUp: true }))).toBe(15);
});

test('waits for a task that starts after one that was rejected before', () => {
  expect(givenUpAt(() => missing('a', 'rejected', GONE, true))).toBeUndefined();
});

test('waits when the error passes in time, and counts from the start when it returns', () => {
  const at = (second: number) =>
    second % 14 === 13 ? undefined : missing(`${second}`, 'rejected', GONE, true);
  expect(givenUpAt(at)).toBeUndefined();
});

test('waits for a task that fails by itself', () => {
  expect(
    givenUpAt((second) => missing(`${second}`, 'failed', 'task: non-zero exit (1)', true)),
  ).toBeUndefined();
});
