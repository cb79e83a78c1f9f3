// The state of all drills for a monitor, from ledgers of some nights.
import { expect, test } from 'vitest';
import { readHistory } from '../../../src/history/runs/history.ts';
import type { Rules } from '../../../src/history/status/rules.ts';
import { buildStatus, type Status } from '../../../src/history/status/status.ts';
import {
  daysAfter,
  drillResult,
  type Entry,
  night,
  reportsWith,
  startOf,
} from '../../support/history/ledger.ts';

const MONDAY = '2026-11-23T02:00:00.000Z';
const nightly: Rules = { frequency: [{ tag: 'nightly', every: '26h' }] };

async function statusOf(entries: readonly Entry[], rules: Rules, now: string): Promise<Status> {
  await using reports = await reportsWith(entries);
  return buildStatus(await readHistory(reports.path), { now, rules }).status;
}

const failed = drillResult({
  verdict: 'not-recovered',
  reason: 'check "rows match" failed: 3 of 500 rows differ',
});

test('is 0 if the last run of each drill recovered in time', async () => {
  const status = await statusOf(night(MONDAY, [drillResult()]), nightly, '2026-11-24T03:00:00.000Z');
  expect(status).toMatchObject({ exitCode: 0, problems: [], lastRun: { verdict: 'recovered' } });
  expect(status.drills).toMatchObject([
    {
      drill: 'total-loss',
      state: 'recovered',
      ageSeconds: 25 * 3600,
      requiredSeconds: 26 * 3600,
      overdue: false,
    },
  ]);
});

test('is 1 if the last recovery of a drill is older than allowed', async () => {
  const status = await statusOf(night(MONDAY, [drillResult()]), nightly, '2026-11-24T05:00:00.000Z');
  expect(status.exitCode).toBe(1);
  expect(status.problems).toEqual([
    {
      kind: 'wrong',
      drill: 'total-loss',
      text: 'overdue: its last recovery is 27 h old, and it has to recover every 26 h',
    },
  ]);
});

test('uses the shortest of the rules for a drill', async () => {
  const rules: Rules = {
    frequency: [
      { tag: 'nightly', every: '26h' },
      { drill: 'total-loss', every: '7d' },
    ],
  };
  const status = await statusOf(night(MONDAY, [drillResult()]), rules, daysAfter(MONDAY, 2));
  expect(status.drills[0]).toMatchObject({ requiredSeconds: 26 * 3600, overdue: true });
});

test('is 1 if the last run of a drill did not recover, and names the last recovered one', async () => {
  const entries = [...night(MONDAY, [drillResult()]), ...night(daysAfter(MONDAY, 1), [failed])];
  const status = await statusOf(entries, {}, daysAfter(MONDAY, 1));
  expect(status).toMatchObject({
    exitCode: 1,
    lastRun: { directory: '2026-11-24T02-00-00Z', verdict: 'not-recovered' },
    lastRecoveredRun: { directory: '2026-11-23T02-00-00Z' },
  });
  expect(status.problems.map(({ text }) => text)).toEqual([
    'not recovered in 2026-11-24T02-00-00Z: check "rows match" failed: 3 of 500 rows differ',
  ]);
});

test('is 1 after a run that started and did not end', async () => {
  const entries = [
    ...night(MONDAY, [drillResult()]),
    startOf(daysAfter(MONDAY, 1), { planned: ['total-loss'] }),
  ];
  const status = await statusOf(entries, {}, daysAfter(MONDAY, 1));
  expect(status).toMatchObject({
    exitCode: 1,
    lastRun: { verdict: 'did not end' },
    drills: [{ state: 'did not end', lastRecovered: { directory: '2026-11-23T02-00-00Z' } }],
  });
});

test('ignores a run that did not end if a later one recovered', async () => {
  const entries = [
    startOf(MONDAY, { planned: ['total-loss'] }),
    ...night(daysAfter(MONDAY, 1), [drillResult()]),
  ];
  expect(await statusOf(entries, {}, daysAfter(MONDAY, 1))).toMatchObject({
    exitCode: 0,
    drills: [{ state: 'recovered' }],
  });
});

test('takes a run for running while its process is there', async () => {
  const { hostname } = await import('node:os');
  const now = new Date().toISOString();
  const entries = [startOf(now, { planned: ['total-loss'], pid: process.pid, host: hostname() })];
  const status = await statusOf(entries, {}, now);
  expect(status.lastRun).toMatchObject({ verdict: 'running' });
  expect(status.drills).toMatchObject([{ state: 'never ran' }]);
});

test('is 2 without any run', async () => {
  const status = await statusOf([], nightly, MONDAY);
  expect(status.exitCode).toBe(2);
  expect(status.problems.map(({ text }) => text)).toEqual([
    expect.stringMatching(/^no run is in /),
    'no drill with the tag nightly ever ran',
  ]);
});

test('is 1 for a drill that a rule names and that never ran', async () => {
  const rules: Rules = { frequency: [{ drill: 'quorum-loss', every: '7d' }] };
  const status = await statusOf(night(MONDAY, [drillResult()]), rules, MONDAY);
  expect(status.exitCode).toBe(1);
  expect(status.problems).toMatchObject([
    { drill: 'quorum-loss', text: 'overdue: it never recovered, and has to recover every 7 d' },
  ]);
});

test('is 2 for a damaged line, and still finds what the others say', async () => {
  await using reports = await reportsWith([]);
  const { writeFile } = await import('node:fs/promises');
  const { ledgerText } = await import('../../support/history/ledger.ts');
  const text = ledgerText([
    ...night(MONDAY, [drillResult()]),
    ...night(daysAfter(MONDAY, 1), [drillResult()]),
  ]);
  const lines = text.split('\n');
  await writeFile(
    `${reports.path}/ledger.jsonl`,
    [lines[0], lines[1]?.slice(9), lines[2], lines[3], ''].join('\n'),
  );
  const { status } = buildStatus(await readHistory(reports.path), { now: MONDAY, rules: {} });
  expect(status).toMatchObject({ exitCode: 2, drills: [{ state: 'recovered' }] });
  expect(status.problems.map(({ text: words }) => words)).toEqual([
    'the ledger is damaged in line 2: check it with `swarm-drill verify`',
  ]);
});

test('ignores half a line at the end', async () => {
  await using reports = await reportsWith(night(MONDAY, [drillResult()]));
  const { appendFile } = await import('node:fs/promises');
  await appendFile(`${reports.path}/ledger.jsonl`, '{"at":"2026-11-24T02:0');
  const { status } = buildStatus(await readHistory(reports.path), { now: MONDAY, rules: {} });
  expect(status.exitCode).toBe(0);
});

test('does not count a drill twice that was merged from shards', async () => {
  const [start, end] = night(MONDAY, [drillResult({ verdict: 'inconclusive', shard: '1/2' })]);
  const merged = night(daysAfter(MONDAY, 0.1), [drillResult()])[1];
  if (!start || end?.event !== 'end' || merged?.event !== 'end')
    throw new Error('expected a start and an end');
  const { event: _, ...outcome } = merged;
  const status = await statusOf(
    [start, end, { ...outcome, event: 'merge', of: [end.directory] }],
    {},
    MONDAY,
  );
  expect(status).toMatchObject({ exitCode: 0, drills: [{ rta: { count: 1 } }] });
});

test('never has a drill overdue that the project no longer has', async () => {
  await using reports = await reportsWith(night(MONDAY, [failed]));
  const { status } = buildStatus(await readHistory(reports.path), {
    now: daysAfter(MONDAY, 30),
    rules: nightly,
    isDeclared: () => false,
  });
  expect(status).toMatchObject({ exitCode: 0, drills: [{ state: 'retired', overdue: false }] });
});

test('measures objectives over the last recoveries at their 95th percentile', async () => {
  const entries = Array.from({ length: 30 }, (_, i) =>
    night(daysAfter(MONDAY, i), [drillResult({ rta: i < 10 ? 500 : 30 + i })]),
  ).flat();
  const within = await statusOf(
    entries,
    { 'objectives-over-time': [{ tag: 'nightly', 'rta-p95-seconds': 58 }] },
    daysAfter(MONDAY, 30),
  );
  expect(within).toMatchObject({ exitCode: 0, drills: [{ rta: { count: 20, median: 49, p95: 58 } }] });
  const missed = await statusOf(
    entries,
    { 'objectives-over-time': [{ drill: 'total-loss', 'rta-p95-seconds': 57 }] },
    daysAfter(MONDAY, 30),
  );
  expect(missed.exitCode).toBe(1);
  expect(missed.problems.map(({ text }) => text)).toEqual([
    '95 % of its last 20 recoveries have an RTA of up to 58.0 s, 57 s allowed',
  ]);
});

test('does not count a run that was withdrawn because its request was wrong', async () => {
  const [start] = night(daysAfter(MONDAY, 1), [drillResult()]);
  if (start?.event !== 'start') throw new Error('expected a start');
  const { run, directory } = start;
  const withdrawn = {
    event: 'removed',
    run,
    directory,
    statement: null,
    reason: 'nothing was started',
  } as const;
  const entries = [
    ...night(MONDAY, [drillResult()]),
    start,
    { ...withdrawn, at: new Date(Date.parse(start.at) + 2000).toISOString() },
  ];
  expect(await statusOf(entries, {}, daysAfter(MONDAY, 1))).toMatchObject({
    exitCode: 0,
    lastRun: { directory: '2026-11-23T02-00-00Z' },
    drills: [{ state: 'recovered' }],
  });
});
