// Machines that don't know each other must split a run into parts that fit together.
import { expect, test } from 'vitest';
import type { PastDrill } from '../../../../src/cli/select/history.ts';
import { splitForShard } from '../../../../src/cli/select/shard.ts';
import type { Drill } from '../../../../src/drill/plan.ts';

const drills = ['e', 'a', 'd', 'b', 'c'].map((name) => ({ name }) as Drill);
const historyOf = (seconds: Readonly<Record<string, number>>): ReadonlyMap<string, PastDrill> =>
  new Map(Object.entries(seconds).map(([name, totalSeconds]) => [name, { totalSeconds } as PastDrill]));

const split = (of: number, history: ReadonlyMap<string, PastDrill>): string[][] =>
  Array.from({ length: of }, (_, at) =>
    splitForShard(drills, { index: at + 1, of }, history).drills.map(({ name }) => name),
  );

test('deals drills out by name without a history, and keeps their order within a shard', () => {
  expect(split(2, new Map())).toEqual([
    ['e', 'a', 'c'],
    ['d', 'b'],
  ]);
});

test('gives every drill to exactly one shard', () => {
  for (const number of [1, 2, 3, 4, 5]) {
    const parts = split(number, historyOf({ a: 300, b: 20, c: 40 }));
    expect(parts.flat().sort()).toEqual(['a', 'b', 'c', 'd', 'e']);
  }
});

test('evens out how long the shards take', () => {
  // 100 against 40 + 30 + 20 + 10.
  expect(split(2, historyOf({ a: 100, b: 40, c: 30, d: 20, e: 10 }))).toEqual([['a'], ['e', 'd', 'b', 'c']]);
});

test('counts a drill that never ran like the median of the others', () => {
  // d and e count 40 each, so the long drill gets neither of them.
  expect(split(2, historyOf({ a: 115, b: 40, c: 10 }))).toEqual([
    ['a', 'c'],
    ['e', 'd', 'b'],
  ]);
});

test('records the whole selection, so that merging can detect a drill that no shard ran', () => {
  expect(splitForShard(drills, { index: 2, of: 3 }, new Map()).shard).toEqual({
    index: 2,
    of: 3,
    selection: ['e', 'a', 'd', 'b', 'c'],
  });
});
