// Which drills a run has: by tag and by what they did when they last ran.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readHistory } from '../../../../src/cli/select/history.ts';
import { select, type Selectors } from '../../../../src/cli/select/selection.ts';
import { buildReport } from '../../../../src/report/build.ts';
import { inconclusiveSample, notRecoveredSample, recoveredSample } from '../../../support/report/samples.ts';

let reports: string;
beforeEach(async () => {
  reports = await mkdtemp(join(tmpdir(), 'swarm-drill-test-'));
});
afterEach(() => rm(reports, { recursive: true }));

const SAMPLES = {
  recovered: recoveredSample,
  'not-recovered': notRecoveredSample,
  inconclusive: inconclusiveSample,
};

async function past(run: string, name: string, verdict: keyof typeof SAMPLES): Promise<void> {
  const directory = join(reports, run, name);
  await mkdir(directory, { recursive: true });
  const report = { ...buildReport(SAMPLES[verdict]()), name };
  await writeFile(join(directory, 'report.json'), JSON.stringify(report));
}

const selected = async (selectors: Partial<Selectors>): Promise<string[]> => {
  const { drills } = await select({ names: [], tags: [], lastFailed: false, reports, ...selectors });
  return drills.map(({ name }) => name);
};

test('a tag selects the drills that have it, several tags those that have one of them', async () => {
  const smoke = await selected({ tags: ['smoke'] });
  expect(smoke).toEqual(expect.arrayContaining(['single-manager', 'total-loss']));
  expect(smoke).not.toContain('methods.restic');
  expect(await selected({ tags: ['smoke', 'weekly'] })).toEqual(
    expect.arrayContaining(['methods.restic', 'single-manager']),
  );
});

test('names and tags restrict each other', async () => {
  expect(await selected({ names: ['methods.restic', 'single-manager'], tags: ['smoke'] })).toEqual([
    'single-manager',
  ]);
});

test('--last-failed selects what did not recover when it last ran, in any run', async () => {
  await past('2026-11-23T02-15-07Z', 'single-manager', 'not-recovered');
  await past('2026-11-23T02-15-07Z', 'total-loss', 'recovered');
  await past('2026-11-24T02-15-07Z', 'single-manager', 'recovered');
  await past('2026-11-24T02-15-07Z', 'methods.restic', 'inconclusive');
  await past('2026-11-24T02-15-07Z-2', 'total-loss', 'not-recovered');
  expect(await selected({ lastFailed: true })).toEqual(['methods.restic', 'total-loss']);
  expect(await selected({ lastFailed: true, names: ['total-loss'] })).toEqual(['total-loss']);
});

test('refuses --last-failed when everything recovered', async () => {
  await past('2026-11-24T02-15-07Z', 'single-manager', 'recovered');
  await expect(selected({ lastFailed: true })).rejects.toMatchObject({
    blame: 'usage',
    message: `all 1 selected drills that have a report in ${reports} recovered`,
  });
});

test('the history has the newest result of each drill, and leaves out what it can’t read', async () => {
  await past('2026-11-23T02-15-07Z', 'total-loss', 'recovered');
  await past('2026-11-25T02-15-07Z-10', 'total-loss', 'not-recovered');
  await past('2026-11-25T02-15-07Z-9', 'total-loss', 'recovered');
  await past('latest', 'single-manager', 'recovered');
  const damaged = join(reports, '2026-11-26T02-15-07Z', 'total-loss');
  await mkdir(damaged, { recursive: true });
  await writeFile(join(damaged, 'report.json'), '{"name":');
  const history = await readHistory(reports);
  expect([...history.keys()]).toEqual(['total-loss']);
  expect(history.get('total-loss')).toMatchObject({ verdict: 'not-recovered', totalSeconds: 104.33 });
});
