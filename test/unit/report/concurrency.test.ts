// What a run gained by having several drills at one time.
import { expect, test } from 'vitest';
import { describeGain, measureConcurrency } from '../../../src/report/concurrency.ts';

/** @param start in seconds */
const drill = (start: number, totalSeconds: number) => ({
  startedAt: new Date(start * 1000).toISOString(),
  totalSeconds,
});

test.each([
  ['one after the other', [drill(0, 60), drill(60, 40)], { drillSeconds: 100, elapsedSeconds: 100, gain: 1 }],
  ['both at one time', [drill(0, 60), drill(0, 60)], { drillSeconds: 120, elapsedSeconds: 60, gain: 2 }],
  ['a partial overlap', [drill(40, 60), drill(0, 60)], { drillSeconds: 120, elapsedSeconds: 100, gain: 1.2 }],
  [
    'one inside another, and one next to its end',
    [drill(0, 100), drill(10, 20), drill(90, 20)],
    { drillSeconds: 140, elapsedSeconds: 110, gain: 1.273 },
  ],
  [
    'a pause between them',
    [drill(0, 60), drill(90_000, 60)],
    { drillSeconds: 120, elapsedSeconds: 120, gain: 1 },
  ],
  ['a drill that never started', [drill(0, 0)], { drillSeconds: 0, elapsedSeconds: 0, gain: 1 }],
  ['none', [], { drillSeconds: 0, elapsedSeconds: 0, gain: 1 }],
])('counts the time in which at least one drill ran: %s', (_, drills, expected) => {
  expect(measureConcurrency(drills)).toEqual(expected);
});

test('describes the gain as an upper bound', () => {
  expect(describeGain({ drillSeconds: 720, elapsedSeconds: 420, gain: 1.714 })).toBe(
    'the drills took 12 min 0.0 s in total, in 7 min 0.0 s: at most 1.7 times as fast as one after the other',
  );
});

test('describes none for drills that ran one after the other', () => {
  expect(describeGain({ drillSeconds: 720, elapsedSeconds: 719, gain: 1.001 })).toBeNull();
});
