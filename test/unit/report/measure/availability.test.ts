// How long a workload was unavailable, from the attempts to write to it.
import { describe, expect, test } from 'vitest';
import type { JournalEvent } from '../../../../src/drill/events.ts';
import { measureAvailability } from '../../../../src/report/measure/availability.ts';
import { findMarks, measureActuals } from '../../../../src/report/measure/actuals.ts';

const at = '2026-11-23T02:15:07.000Z';
const attempt = (started: number, t: number, error: string | null = null): JournalEvent => ({
  t,
  event: 'attempt',
  id: `w${started}`,
  started,
  seconds: t - started,
  error,
});
const phase = (t: number, name: 'backup' | 'disaster'): JournalEvent => ({
  t,
  event: 'phase',
  phase: name,
  at,
});
const disaster = (t: number): JournalEvent => ({ t, event: 'mark', mark: 'disaster', at });
const surviving = (...ids: string[]): JournalEvent => ({ t: 900, event: 'surviving', ids });

describe('the longest gap', () => {
  test('runs from the last acknowledgement before failed attempts to the first one after them', () => {
    expect(
      measureAvailability([
        attempt(10, 10.1),
        phase(10.2, 'disaster'),
        attempt(10.5, 10.6),
        attempt(11, 13, 'no answer within 2 s'),
        attempt(13.5, 13.6, 'connection refused'),
        attempt(14, 14.2),
        attempt(14.5, 14.6),
      ]),
    ).toMatchObject({
      attempts: 6,
      failed: 2,
      longestGapSeconds: 3.6,
      gapStartedAt: 10.6,
      gapEndedAt: 14.2,
      usualSeconds: 0.1,
    });
  });

  test('is not a time in which nothing was attempted', () => {
    const idle = [attempt(10, 10.1), phase(10.2, 'disaster'), attempt(40, 40.3), attempt(40.5, 40.6)];
    expect(measureAvailability(idle)).toMatchObject({ longestGapSeconds: 0.3, gapStartedAt: 40 });
  });

  test('is what one slow write took when none failed', () => {
    const slow = [attempt(10, 10.1), phase(10.2, 'disaster'), attempt(10.3, 11.8), attempt(12, 12.1)];
    expect(measureAvailability(slow)).toMatchObject({ longestGapSeconds: 1.5, failed: 0 });
  });

  test('is not one that had ended before the disaster', () => {
    const events = [
      attempt(10, 10.1),
      attempt(11, 11.1, 'refused'),
      attempt(15, 15.1),
      phase(16, 'disaster'),
      attempt(17, 17.1),
    ];
    expect(measureAvailability(events)).toMatchObject({ gapStartedAt: 17, longestGapSeconds: 0.1 });
  });

  test('is open at the end of the last attempt if no write was acknowledged again', () => {
    const lost = [
      attempt(10, 10.1),
      phase(10.2, 'disaster'),
      attempt(11, 13, 'refused'),
      attempt(14, 16, 'refused'),
    ];
    expect(measureAvailability(lost)).toMatchObject({
      longestGapSeconds: 5.9,
      gapStartedAt: 10.1,
      gapEndedAt: null,
      errors: [{ reason: 'refused', count: 2 }],
    });
  });
});

test('counts failures whose reasons differ only in an id as one', () => {
  const events = ['a', 'b'].map((digit, i) => attempt(i, i + 0.1, `No such container: ${digit.repeat(64)}`));
  expect(measureAvailability(events)?.errors).toEqual([{ reason: 'No such container: …', count: 2 }]);
});

test('measures nothing without continuous writes', () => {
  expect(measureAvailability([phase(10, 'disaster')])).toBeNull();
});

test('divides the attempts into intervals that miss none', () => {
  const many = Array.from({ length: 600 }, (_, i) => attempt(i, i + 0.5, i % 3 === 0 ? 'refused' : null));
  const { series = [] } = measureAvailability(many) ?? {};
  expect(series.length).toBeLessThanOrEqual(120);
  const sum = (of: 'acknowledged' | 'failed'): number => series.reduce((total, one) => total + one[of], 0);
  expect([sum('acknowledged'), sum('failed')]).toEqual([400, 200]);
  expect(new Set(series.map(({ seconds }) => seconds)).size).toBe(1);
});

describe('lost writes and RPA', () => {
  const events = [
    phase(5, 'backup'),
    attempt(10, 10.1),
    disaster(20),
    attempt(25, 25.1),
    attempt(30, 30.1, 'refused'),
  ];
  const actual = (...more: JournalEvent[]) => {
    const all = [...events, ...more];
    return measureActuals(all, findMarks(all));
  };

  test('find a continuous write that was acknowledged after the disaster and lost', () => {
    const lost = surviving('w10');
    expect(measureAvailability([...events, lost])?.lostWrites).toBe(1);
    expect(actual(lost)).toMatchObject({ acknowledgedWrites: 2, lostWrites: 1, rpaSeconds: 15 });
  });

  test('count no write that was never acknowledged', () => {
    expect(measureAvailability([...events, surviving('w10', 'w25')])?.lostWrites).toBe(0);
    expect(actual(surviving('w10', 'w25'))).toMatchObject({ lostWrites: 0, rpaSeconds: 0 });
  });

  test('reach back to the disaster if the lost writes were before it', () => {
    expect(actual(surviving('w25'))).toMatchObject({ lostWrites: 1, rpaSeconds: 9.9, rpaIsLowerBound: true });
  });

  test('are unknown without an answer about what survived', () => {
    expect(measureAvailability(events)?.lostWrites).toBeNull();
  });
});
