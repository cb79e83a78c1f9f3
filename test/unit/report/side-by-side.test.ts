// How many other drills shared the machine: measured from the journal, and compared between drills.
import { expect, test } from 'vitest';
import type { JournalEvent } from '../../../src/drill/events.ts';
import { measureOthers, warnOfUnequalLoad } from '../../../src/report/measure/side-by-side.ts';

const marks = { disaster: 10, firstResponse: 20, proven: 25 };
const others = (t: number, ...names: string[]): JournalEvent => ({ t, event: 'others', names });
const end: JournalEvent = { t: 30, event: 'end', at: '' };

test('an interval lasts until the others change, the last one until the end', () => {
  expect(measureOthers([others(0), others(12, 'b'), others(15, 'b', 'c'), end], marks)).toEqual({
    most: 2,
    // 2 s of none, 3 s of one, 5 s of two.
    duringRecovery: 1.3,
    intervals: [
      { offset: 0, seconds: 12, others: [] },
      { offset: 12, seconds: 3, others: ['b'] },
      { offset: 15, seconds: 15, others: ['b', 'c'] },
    ],
  });
});

test('a drill without others counts none', () => {
  expect(measureOthers([others(0), end], marks)).toMatchObject({ most: 0, duringRecovery: 0 });
});

test('a drill that did not recover has no number for its recovery', () => {
  expect(measureOthers([others(0, 'b'), end], { ...marks, firstResponse: null })).toMatchObject({
    most: 1,
    duringRecovery: null,
  });
});

test('is not known for a journal that does not say', () => {
  expect(measureOthers([end], marks)).toBeNull();
});

const drills = (...numbers: (number | null)[]) =>
  numbers.map((duringRecovery, index) => ({ name: `drill-${index}`, duringRecovery }));

test('warns when recovery times were measured with different numbers of others', () => {
  expect(warnOfUnequalLoad(drills(1, 0, 0.6))).toBe(
    'Recovery times are not comparable: while it recovered, drill-1 shared its machine with no other drill and drill-0 with 1 other drill. Run them with --jobs 1 to compare them.',
  );
  expect(warnOfUnequalLoad(drills(1, 0.6))).toContain('0.6 other drills on average');
});

test.each([
  ['nothing differs', drills(1, 1, 1)],
  ['the difference is a moment', drills(1, 0.95)],
  ['one drill only was measured', drills(1, null)],
])('does not warn when %s', (_, compared) => {
  expect(warnOfUnequalLoad(compared)).toBeNull();
});
