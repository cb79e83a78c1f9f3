// The state of all drills, as a monitor asks for it.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { sha256 } from '../../src/support/sha256.ts';
import {
  daysAfter,
  directoryOf,
  drillResult,
  night,
  reportsWith,
  writeBelow,
} from '../support/history/ledger.ts';
import { swarmDrill } from '../support/program.ts';

const HOUR_AGO = new Date(Date.now() - 3_600_000).toISOString();
const NIGHTLY = 'frequency:\n  - tag: nightly\n    every: 26h\n';

test('prints a line for each drill and exits with 0 if all recovered in time', async () => {
  await using reports = await reportsWith(night(HOUR_AGO, [drillResult()]));
  await writeBelow(reports.path, 'evidence.yml', NIGHTLY);
  const { exitCode, stdout } = await swarmDrill(
    'status',
    '--reports',
    reports.path,
    '--evidence',
    join(reports.path, 'evidence.yml'),
  );
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/total-loss +│ recovered +│ 1 h ago +│ every 26 h +│ 38\.5 s/);
  expect(stdout).toMatch(/all drills recovered, in time$/);
});

test('exits with 1 for an overdue drill, and says so as JSON', async () => {
  await using reports = await reportsWith(night(daysAfter(HOUR_AGO, -3), [drillResult()]));
  await writeBelow(reports.path, 'evidence.yml', NIGHTLY);
  const { exitCode, stdout } = await swarmDrill(
    'status',
    '--json',
    '--reports',
    reports.path,
    '--evidence',
    join(reports.path, 'evidence.yml'),
  );
  expect(exitCode).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({
    schema: 'swarm-drill/status@1',
    exitCode: 1,
    drills: [{ drill: 'total-loss', state: 'recovered', overdue: true, requiredSeconds: 93_600 }],
    problems: [
      {
        drill: 'total-loss',
        text: expect.stringMatching(/^overdue: its last recovery is 3 d 1 h old/) as string,
      },
    ],
  });
});

test('takes the facts from the plan of the last run only while their file is the same', async () => {
  await using reports = await reportsWith(night(daysAfter(HOUR_AGO, -3), [drillResult()]));
  const facts = join(reports.path, 'evidence.yml');
  await writeBelow(reports.path, 'evidence.yml', NIGHTLY);
  // Not what the file says, to see where it comes from.
  const plan = { factsSha256: sha256(NIGHTLY), facts: { frequency: [{ tag: 'nightly', every: '7d' }] } };
  await writeBelow(reports.path, `${directoryOf(daysAfter(HOUR_AGO, -3))}/plan.json`, JSON.stringify(plan));
  const args = ['status', '--reports', reports.path, '--evidence', facts];
  expect((await swarmDrill(...args)).exitCode).toBe(0);
  await writeBelow(reports.path, 'evidence.yml', `${NIGHTLY}# changed\n`);
  expect((await swarmDrill(...args)).exitCode).toBe(1);
});

test('exits with 2 without any run', async () => {
  await using reports = await reportsWith([]);
  const { exitCode, stdout } = await swarmDrill('status', '--reports', reports.path);
  expect(exitCode).toBe(2);
  expect(stdout).toContain(`no run is in ${reports.path}\n`);
});

test('exits with 64 for a file of facts that does not exist', async () => {
  await using reports = await reportsWith(night(HOUR_AGO, [drillResult()]));
  const { exitCode } = await swarmDrill('status', '--reports', reports.path, '--evidence', 'nowhere.yml');
  expect(exitCode).toBe(64);
});

test('misses an objective for the last recoveries that an option sets', async () => {
  await using reports = await reportsWith(night(HOUR_AGO, [drillResult()]));
  const { exitCode, stdout } = await swarmDrill('status', '--reports', reports.path, '--p95-rta', '30');
  expect(exitCode).toBe(1);
  expect(stdout).toContain(
    'total-loss: 95 % of its last 1 recoveries have an RTA of up to 38.5 s, 30 s allowed',
  );
});

test('writes metrics in both formats', async () => {
  await using reports = await reportsWith(night(HOUR_AGO, [drillResult()]));
  const files = ['drills.prom', 'drills.om'].map((name) => join(reports.path, 'metrics', name));
  await swarmDrill('status', '--reports', reports.path, ...files.flatMap((file) => ['--metrics', file]));
  const [prometheus, openMetrics] = await Promise.all(files.map((file) => readFile(file, 'utf8')));
  expect(prometheus).toContain('\nswarm_drill_rta_seconds{drill="total-loss"} 38.5\n');
  expect(openMetrics).toMatch(/\nswarm_drill_rta_seconds\{drill="total-loss"\} 38\.5\n[^]*# EOF\n$/);
});
