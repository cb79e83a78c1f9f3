// When a recovery counts as slower than before, and when the machine explains it.
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { buildBaseline, readBaseline, writeBaseline } from '../../../src/history/regression/baseline.ts';
import { compareWithBaseline, type Measured } from '../../../src/history/regression/compare.ts';
import { compareRecoveries, compareRun } from '../../../src/history/regression/judge.ts';
import { readHistory } from '../../../src/history/runs/history.ts';
import { collectDrills } from '../../../src/history/status/drill-history.ts';
import { buildReport } from '../../../src/report/build.ts';
import { recoveredSample } from '../../support/report/samples.ts';
import {
  daysAfter,
  directoryOf,
  drillResult,
  night,
  reportsWith,
  writeBelow,
} from '../../support/history/ledger.ts';

const FIRST = '2026-11-01T02:00:00.000Z';
const NIGHTS = 20;

/** Twenty nights with an RTA of 31 to 50 s; the 95th percentile is 49 s, the median 40 s. */
const nights = (change: (i: number) => object = () => ({})) =>
  Array.from({ length: NIGHTS }, (_, i) =>
    night(daysAfter(FIRST, i), [drillResult({ rta: 31 + i, ...change(i) })]),
  ).flat();

async function baselineOf(entries = nights()) {
  await using reports = await reportsWith(entries);
  return await buildBaseline(reports.path, collectDrills(await readHistory(reports.path)));
}

const measured = (rta: number, more: Partial<Measured> = {}): Measured => ({
  drill: 'total-loss',
  size: 'small',
  metrics: { rta },
  packSeconds: null,
  others: 0,
  ...more,
});

async function outcomeOf(now: Measured, change: object = {}) {
  const before = (await baselineOf()).drills['total-loss'];
  const [compared] = compareWithBaseline(now, before && { ...before, ...change });
  return compared;
}

describe('a recovery', () => {
  test('may take as long as 95 % of those before, and a tenth of the median more', async () => {
    expect(await outcomeOf(measured(53))).toMatchObject({ outcome: 'as before', limit: 53 });
  });

  test('is slower beyond that', async () => {
    expect(await outcomeOf(measured(53.1))).toMatchObject({
      outcome: 'slower',
      detail:
        'recovery time 53.1 s, limit 53.0 s (95 % of 20 recoveries took at most 49.0 s, half of them 40.0 s)',
    });
  });

  test('may be as much slower as the machine was, by its baseline timing', async () => {
    const now = measured(100, { packSeconds: 4 });
    expect(await outcomeOf(now, { packSeconds: 2 })).toMatchObject({
      outcome: 'as before',
      limit: 106,
      detail: expect.stringContaining('the machine was 2.00 times as slow as then') as string,
    });
    expect(await outcomeOf(measured(107, { packSeconds: 4 }), { packSeconds: 2 })).toMatchObject({
      outcome: 'slower',
    });
  });

  test('has no lower limit on a faster machine', async () => {
    expect(await outcomeOf(measured(52, { packSeconds: 1 }), { packSeconds: 2 })).toMatchObject({
      outcome: 'as before',
      limit: 53,
    });
  });

  test('is not comparable if it is slower and more drills ran at the same time', async () => {
    expect(await outcomeOf(measured(100, { others: 2 }))).toMatchObject({
      outcome: 'unproven',
      detail: expect.stringContaining(
        'it shared the machine with 2 other drills, in the baseline with no other drill',
      ) as string,
    });
    expect(await outcomeOf(measured(40, { others: 2 }))).toMatchObject({ outcome: 'as before' });
  });

  test('is not comparable with another amount of data', async () => {
    expect(await outcomeOf(measured(100, { size: 'large' }))).toMatchObject({ outcome: 'unproven' });
  });
});

test('has nothing to compare with if too few recoveries are in the baseline, or none', async () => {
  const few = await baselineOf(nights().slice(0, 8));
  expect(compareWithBaseline(measured(500), few.drills['total-loss'])).toMatchObject([
    { outcome: 'unproven', detail: 'recovery time: the baseline has 4 recoveries (expected at least 5)' },
  ]);
  expect(compareWithBaseline(measured(500), undefined)).toMatchObject([{ outcome: 'unproven' }]);
});

test('takes only recoveries into the baseline, with their times, their load and baseline timings', async () => {
  await using reports = await reportsWith(
    nights((i) => ({ verdict: i === 19 ? 'not-recovered' : 'recovered', others: i % 2 })),
  );
  for (const [i, seconds] of [3, 5].entries()) {
    const report = {
      ...buildReport(recoveredSample()),
      baselineTiming: { bytes: 1, seconds, unpackSeconds: 1 },
    };
    await writeBelow(
      reports.path,
      `${directoryOf(daysAfter(FIRST, i))}/total-loss/report.json`,
      JSON.stringify(report),
    );
  }
  const file = join(reports.path, 'baseline.json');
  await writeBaseline(
    file,
    await buildBaseline(reports.path, collectDrills(await readHistory(reports.path))),
  );
  expect((await readBaseline(file)).drills['total-loss']).toMatchObject({
    from: FIRST,
    to: daysAfter(FIRST, 18),
    metrics: { rta: { count: 19, median: 40, p95: 49 } },
    packSeconds: 4,
    others: 0.474,
  });
});

test('refuses a file that is not a baseline', async () => {
  await using reports = await reportsWith([]);
  await writeBelow(reports.path, 'baseline.json', '{"schema":"other"}');
  await expect(readBaseline(join(reports.path, 'baseline.json'))).rejects.toThrow(
    'expected a baseline (swarm-drill/baseline@1), got other',
  );
  await expect(readBaseline(join(reports.path, 'nowhere.json'))).rejects.toThrow(
    'no baseline can be read (ENOENT)',
  );
});

test('finds that the last recoveries of a drill got slower', async () => {
  const baseline = await baselineOf();
  await using reports = await reportsWith(nights(() => ({ rta: 80, rpa: 15.3 })));
  const drills = collectDrills(await readHistory(reports.path));
  const compared = await compareRecoveries(reports.path, drills, baseline);
  expect(compared.map(({ metric, outcome }) => [metric, outcome])).toEqual([
    ['rta', 'slower'],
    ['rpa', 'as before'],
    ['proven', 'as before'],
    ['total', 'as before'],
  ]);
});

test('compares the drills of a run that recovered, and leaves the others to their verdict', async () => {
  const baseline = await baselineOf();
  const report = { ...buildReport(recoveredSample()), name: 'total-loss', size: 'small' };
  const slow = { ...report, actual: { ...report.actual, rtaSeconds: 90 } };
  expect(compareRun([slow], baseline).find(({ metric }) => metric === 'rta')).toMatchObject({
    outcome: 'slower',
    now: 90,
  });
  expect(compareRun([{ ...slow, verdict: 'not-recovered' }], baseline)).toEqual([]);
});
