// Which drill starts next, and on which engine.
import { describe, expect, test } from 'vitest';
import { slotsOf } from '../../../../src/cli/jobs/capacity.ts';
import { inStartOrder, nextToStart, type Place, type Running } from '../../../../src/cli/jobs/schedule.ts';
import type { Drill } from '../../../../src/drill/plan.ts';

const drill = (name: string, plan: Partial<Drill['plan']> = {}): Drill => ({ name, plan }) as Drill;
const place = (address: string, fields: Partial<Place> = {}): Place => ({
  address,
  machine: address,
  slots: 2,
  busy: 0,
  ...fields,
});
const running = (name: string, at: Place, plan: Partial<Drill['plan']> = {}): Running => ({
  drill: drill(name, plan),
  place: at,
});

const next = (state: Parameters<typeof nextToStart>[0]): string | undefined => {
  const found = nextToStart(state);
  return found && `${found.drill.name} on ${found.place.address}`;
};

const [one, two] = [place('one'), place('two')];
const clock = { runsAlone: 'it moves the clock of the machine' };

describe('the next drill', () => {
  test('is the first one that waits, as long as fewer than the allowed number run', () => {
    const waiting = [drill('c'), drill('d')];
    expect(next({ waiting, running: [running('a', one)], places: [one], jobs: 2 })).toBe('c on one');
    expect(
      next({ waiting, running: [running('a', one), running('b', one)], places: [one], jobs: 2 }),
    ).toBeUndefined();
  });

  test('goes to the machine with the most room for its size', () => {
    const large = place('large', { slots: 8 });
    const state = { waiting: [drill('d')], places: [one, large], jobs: 9 };
    const on = (at: Place, count: number) => Array.from({ length: count }, (_, n) => running(`${n}`, at));
    expect(next({ ...state, running: [...on(large, 3), ...on(one, 1)] })).toBe('d on large');
    expect(next({ ...state, running: [...on(large, 5), ...on(one, 1)] })).toBe('d on one');
  });

  test('avoids a machine that other programs keep busy', () => {
    const busy = place('busy', { busy: 1.5 });
    expect(next({ waiting: [drill('d')], running: [running('a', two)], places: [busy, two], jobs: 9 })).toBe(
      'd on two',
    );
  });

  test('is spread over the engines of one machine, whose load they share', () => {
    const [first, second, far] = [
      place('first', { machine: 'here' }),
      place('second', { machine: 'here' }),
      place('far'),
    ];
    const state = { waiting: [drill('d')], places: [first, second, far], jobs: 9 };
    expect(next({ ...state, running: [running('a', first)] })).toBe('d on far');
    expect(next({ ...state, running: [running('a', first), running('b', far)] })).toBe('d on second');
  });

  test('is spread over the engines of one machine that were measured at different moments', () => {
    const [first, second] = [
      place('first', { machine: 'here', busy: 0.9, slots: 2 }),
      place('second', { machine: 'here', busy: 1.1, slots: 1 }),
    ];
    const state = { waiting: [drill('d')], places: [first, second], jobs: 9 };
    expect(next({ ...state, running: [running('a', first)] })).toBe('d on second');
    expect(next({ ...state, running: [running('a', second)] })).toBe('d on first');
  });

  test('does not start next to one that must run without others, on another machine it does', () => {
    const state = { waiting: [drill('d')], running: [running('a', one, clock)], jobs: 9 };
    expect(next({ ...state, places: [one] })).toBeUndefined();
    expect(next({ ...state, places: [one, two] })).toBe('d on two');
  });

  test('waits for an empty machine if it must run without others, and lets a later one start', () => {
    const state = { running: [running('a', one)], places: [one], jobs: 9 };
    expect(next({ ...state, waiting: [drill('d', clock)] })).toBeUndefined();
    expect(next({ ...state, waiting: [drill('d', clock), drill('e')] })).toBe('e on one');
    expect(next({ ...state, running: [], waiting: [drill('d', clock)] })).toBe('d on one');
  });

  test('does not start when no engine answers', () => {
    expect(next({ waiting: [drill('d')], running: [], places: [], jobs: 9 })).toBeUndefined();
  });

  test('gets an engine whose networks still have addresses', () => {
    const full = Array.from({ length: 12 }, (_, n) => running(`${n}`, one));
    expect(next({ waiting: [drill('d')], running: full, places: [one], jobs: 99 })).toBeUndefined();
  });
});

test('the longest drills start first, those that must run without others last', () => {
  const seconds = new Map(Object.entries({ short: 10, long: 90, clock: 200 }));
  const drills = [drill('clock', clock), drill('short'), drill('long'), drill('new')];
  expect(inStartOrder(drills, seconds).map(({ name }) => name)).toEqual(['long', 'short', 'new', 'clock']);
});

test('a machine has a slot per core, and no more than fit into its memory, but always one', () => {
  const small = [drill('a', { topology: { managers: 1, workers: 0 } })];
  const large = [...small, drill('b', { topology: { managers: 3, workers: 2 } })];
  const machine = { name: 'here', cores: 8, load: 0, availableBytes: 8 * 2 ** 30 };
  expect(slotsOf(machine, small)).toBe(8);
  // 6 GiB for drills that take 500 MiB and 5 times 250 MiB.
  expect(slotsOf(machine, large)).toBe(3);
  expect(slotsOf({ ...machine, availableBytes: 2 ** 20 }, small)).toBe(1);
});
