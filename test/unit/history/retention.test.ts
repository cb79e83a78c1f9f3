// Which files of old runs may go, and what the ledger says about them.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readLedger } from '../../../src/evidence/ledger/read.ts';
import { planRetention, removeRuns } from '../../../src/history/retention.ts';
import { readHistory } from '../../../src/history/runs/history.ts';
import { sha256 } from '../../../src/support/sha256.ts';
import {
  daysAfter,
  directoryOf,
  drillResult,
  type Entry,
  night,
  reportsWith,
  startOf,
  writeBelow,
} from '../../support/history/ledger.ts';

const FIRST = '2026-01-05T02:00:00.000Z';
const at = (day: number): string => daysAfter(FIRST, day);
const DAY = 86_400;
const failed = drillResult({ verdict: 'not-recovered', reason: 'check "rows match" failed' });

/** Creates the reports with a file in each run's directory. */
async function withFiles(entries: readonly Entry[]) {
  const reports = await reportsWith(entries);
  for (const { directory } of entries) await writeBelow(reports.path, `${directory}/run.json`, '{}');
  return reports;
}

/** Returns the days of the runs that go, and why the old ones that don't stay. */
async function planOf(entries: readonly Entry[], keepDays: number, now: number) {
  await using reports = await withFiles(entries);
  const { remove, keep } = planRetention(await readHistory(reports.path), keepDays * DAY, at(now));
  const dayOf = (startedAt: string): number =>
    Math.round((Date.parse(startedAt) - Date.parse(FIRST)) / DAY / 1000);
  return {
    remove: remove.map(({ startedAt }) => dayOf(startedAt)),
    keep: keep.map(({ run, reason }) => `${dayOf(run.startedAt)}: ${reason}`),
  };
}

test('removes what is older than the retention time, oldest first', async () => {
  const entries = [0, 1, 2, 3].flatMap((day) => night(at(day), [drillResult()]));
  expect(await planOf(entries, 1.5, 3)).toEqual({ remove: [0, 1], keep: [] });
});

test('keeps the last recovery and the last result of each drill', async () => {
  const entries = [
    ...night(at(0), [drillResult()]),
    ...night(at(1), [drillResult(), drillResult({ drill: 'quorum-loss' })]),
    ...night(at(2), [drillResult()]),
    ...night(at(3), [drillResult({ verdict: 'inconclusive' })]),
  ];
  expect(await planOf(entries, 10, 300)).toEqual({
    remove: [0],
    keep: [
      '1: it is the last recovery of quorum-loss',
      '2: it is the last recovery of total-loss',
      '3: it is the last run',
    ],
  });
});

test('keeps findings until the drill has recovered', async () => {
  const open = [
    ...night(at(0), [drillResult()]),
    ...night(at(1), [failed]),
    ...night(at(2), [failed]),
    ...night(at(3), [failed]),
  ];
  expect(await planOf(open, 10, 300)).toEqual({
    remove: [],
    keep: [
      '0: it is the last recovery of total-loss',
      '1: it has a finding of total-loss, which has not recovered since',
      '2: it has a finding of total-loss, which has not recovered since',
      '3: it is the last run',
    ],
  });
  const closed = [...open, ...night(at(4), [drillResult()])];
  expect((await planOf(closed, 10, 300)).remove).toEqual([0, 1, 2, 3]);
});

test('keeps a run with an exception until a later run closed it', async () => {
  const attest = (role: 'exception' | 'closed-by'): Entry => ({
    event: 'attest',
    at: at(1),
    run: 'x',
    directory: directoryOf(at(0)),
    role,
    statement: sha256(role),
    of: sha256(`statement ${at(0)}`),
    key: sha256('key'),
  });
  const entries = [...night(at(0), [drillResult()]), attest('exception'), ...night(at(2), [drillResult()])];
  expect((await planOf(entries, 10, 300)).keep).toContain('0: it has an exception that no later run closed');
  expect((await planOf([...entries, attest('closed-by')], 10, 300)).remove).toEqual([0]);
});

test('removes what a run left behind that did not end', async () => {
  const entries = [startOf(at(0), { planned: ['total-loss'] }), ...night(at(1), [drillResult()])];
  expect((await planOf(entries, 10, 300)).remove).toEqual([0]);
});

test('records each removal in the ledger before the files are gone, and lists the run ever after', async () => {
  await using reports = await withFiles([0, 1, 2].flatMap((day) => night(at(day), [drillResult()])));
  const history = await readHistory(reports.path);
  const { remove } = planRetention(history, DAY, at(100));
  await removeRuns(reports.path, remove, 400 * DAY, undefined);
  expect([0, 1, 2].map((day) => existsSync(join(reports.path, directoryOf(at(day)))))).toEqual([
    false,
    false,
    true,
  ]);
  const { entries, damaged } = await readLedger(reports.path);
  expect(damaged).toEqual([]);
  expect(entries.slice(-2)).toMatchObject([
    {
      event: 'removed',
      directory: directoryOf(at(0)),
      statement: sha256(`statement ${at(0)}`),
      reason: 'older than 400 d',
    },
    { event: 'removed', directory: directoryOf(at(1)), statement: sha256(`statement ${at(1)}`) },
  ]);
  const lines = (await readFile(join(reports.path, 'ledger.jsonl'), 'utf8')).split('\n');
  expect(entries.at(-1)?.previous).toBe(sha256(lines.at(-3) ?? ''));
  const after = [...(await readHistory(reports.path)).runs()];
  expect(after.map(({ removed }) => removed)).toEqual([null, 'older than 400 d', 'older than 400 d']);
});

test('removes files that a crash left after their entry, without a second one', async () => {
  await using reports = await withFiles([0, 1, 2].flatMap((day) => night(at(day), [drillResult()])));
  const plan = async () => planRetention(await readHistory(reports.path), DAY, at(100)).remove;
  await removeRuns(reports.path, await plan(), DAY, undefined);
  await writeBelow(reports.path, `${directoryOf(at(0))}/run.json`, '{}');
  await removeRuns(reports.path, await plan(), DAY, undefined);
  expect(existsSync(join(reports.path, directoryOf(at(0))))).toBe(false);
  expect((await readLedger(reports.path)).entries.filter(({ event }) => event === 'removed')).toHaveLength(2);
});

test('removes nothing if the ledger can not be written', async () => {
  await using reports = await withFiles([0, 1].flatMap((day) => night(at(day), [drillResult()])));
  const { remove } = planRetention(await readHistory(reports.path), DAY, at(100));
  const { rename, mkdir } = await import('node:fs/promises');
  await rename(join(reports.path, 'ledger.jsonl'), join(reports.path, 'moved'));
  await mkdir(join(reports.path, 'ledger.jsonl'));
  await expect(removeRuns(reports.path, remove, DAY, undefined)).rejects.toThrow('EISDIR');
  expect(existsSync(join(reports.path, directoryOf(at(0))))).toBe(true);
});
