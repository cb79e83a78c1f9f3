import { expect, test } from 'vitest';
import { findCriticalPath, sumByStep } from '../../../../src/report/measure/critical-path.ts';
import type { Step } from '../../../../src/report/schema.ts';

const step = (name: string, offset: number, end: number, parts: Step[] = []): Step => ({
  name,
  phase: 'restore',
  startedAt: '2026-11-23T02:15:07.000Z',
  offset,
  seconds: end - offset,
  ok: true,
  harness: false,
  gap: false,
  error: null,
  waits: [],
  parts,
});
const path = (steps: Step[], from: number, to: number) =>
  findCriticalPath(steps, from, to).map((link) => [link.step.name, link.start, link.end]);

test('includes all consecutive steps, cut off at the window', () => {
  expect(path([step('a', 0, 4), step('b', 4, 9)], 2, 7)).toEqual([
    ['a', 2, 4],
    ['b', 4, 7],
  ]);
});

test('follows the parallel part that ended last', () => {
  const join = step('join', 0, 10, [step('m2', 1, 6), step('m3', 1, 9)]);
  expect(path([join], 0, 10)).toEqual([
    ['join', 0, 1],
    ['m3', 1, 9],
    ['join', 9, 10],
  ]);
});

test('goes back through the part that ended just before the last part started', () => {
  const all = step('all', 0, 10, [step('pull', 0, 5), step('other', 0, 3), step('start', 6, 10)]);
  expect(path([all], 0, 10)).toEqual([
    ['pull', 0, 5],
    ['all', 5, 6],
    ['start', 6, 10],
  ]);
});

test('adds up to the whole window, longest step first', () => {
  const join = step('join', 0, 10, [step('m2', 1, 6), step('m3', 1, 9, [step('pull', 2, 8)])]);
  const sums = sumByStep(findCriticalPath([join], 0, 10));
  expect(sums.map(({ step: { name }, seconds }) => [name, seconds])).toEqual([
    ['pull', 6],
    ['join', 2],
    ['m3', 2],
  ]);
  expect(sums[0]?.within).toEqual(['join', 'm3']);
});
