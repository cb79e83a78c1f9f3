// Which nights the calendar marks, and how.
import { expect, test } from 'vitest';
import { buildNights, type Due, type NightState } from '../../../src/history/page/calendar.ts';
import { readLedgerRuns } from '../../../src/history/runs/ledger-runs.ts';
import { drillResult, type Entry, ledgerText, night, startOf } from '../../support/history/ledger.ts';

const HOUR = 3600;

function statesOf(
  entries: readonly Entry[],
  due: readonly Due[],
  from: string,
  to: string,
): Record<string, NightState> {
  const runs = [...readLedgerRuns(ledgerText(entries)).newestFirst()];
  return Object.fromEntries(buildNights(runs, due, from, to).map(({ date, state }) => [date, state]));
}

test('marks each night with the worst of its runs', () => {
  const entries = [
    ...night('2026-11-23T02:00:00.000Z', [drillResult()]),
    ...night('2026-11-24T02:00:00.000Z', [drillResult()]),
    ...night('2026-11-24T12:00:00.000Z', [drillResult({ verdict: 'inconclusive' })]),
    startOf('2026-11-25T02:00:00.000Z', { planned: ['total-loss'] }),
    ...night('2026-11-25T12:00:00.000Z', [drillResult({ verdict: 'not-recovered' })]),
    startOf('2026-11-26T02:00:00.000Z', { planned: ['total-loss'] }),
  ];
  expect(statesOf(entries, [], '2026-11-22', '2026-11-26')).toEqual({
    '2026-11-22': 'none',
    '2026-11-23': 'recovered',
    '2026-11-24': 'inconclusive',
    '2026-11-25': 'not-recovered',
    '2026-11-26': 'did not end',
  });
});

test.each(['02:00', '23:00'])('marks a missing night between two that started at %s', (time) => {
  const results = ['2026-11-22', '2026-11-23', '2026-11-25'].map((date) => `${date}T${time}:00.000Z`);
  const entries = results.flatMap((at) => night(at, [drillResult()]));
  const due = [{ drill: 'total-loss', requiredSeconds: 26 * HOUR, results }];
  expect(statesOf(entries, due, '2026-11-22', '2026-11-25')).toEqual({
    '2026-11-22': 'recovered',
    '2026-11-23': 'recovered',
    '2026-11-24': 'missing',
    '2026-11-25': 'recovered',
  });
});

test('marks no night between two weekly runs, and each one from the day on which the next is due', () => {
  const results = ['2026-11-02T02:00:00.000Z', '2026-11-09T02:10:00.000Z'];
  const due = [{ drill: 'total-loss', requiredSeconds: 7 * 24 * HOUR + HOUR, results }];
  const states = statesOf(
    results.flatMap((at) => night(at, [drillResult()])),
    due,
    '2026-11-02',
    '2026-11-18',
  );
  expect(
    Object.entries(states)
      .filter(([, state]) => state === 'missing')
      .map(([date]) => date),
  ).toEqual(['2026-11-16', '2026-11-17', '2026-11-18']);
});
