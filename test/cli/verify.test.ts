// `verify` and `export` as programs: exit codes, the twelve points, and how long a run of twenty drills takes.
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { named, SampleReports } from '../support/evidence/signed-run.ts';
import { writeKey } from '../support/evidence/verified.ts';
import { ROOT, swarmDrill } from '../support/program.ts';
import { recoveredSample } from '../support/report/samples.ts';

let reports: SampleReports;
let run: string;
let key: string;
beforeAll(async () => {
  reports = await SampleReports.create();
  const drills = Array.from({ length: 20 }, (_, index) => named(recoveredSample(), `drill-${index}`));
  run = (await reports.addRun({ drills })).directory;
  key = await writeKey(reports, reports.key);
});
afterAll(() => reports[Symbol.asyncDispose]());

test('prints twelve points and what no check can show, and exits with 0 if nothing failed', async () => {
  const { exitCode, stdout } = await swarmDrill('verify', run, '--key', key);
  expect(exitCode).toBe(0);
  expect(stdout.match(/^ ?\d+ {2}(passed|not shown|not applicable) /gm)).toHaveLength(12);
  expect(stdout).toContain(' 1  passed          signature of a pinned key');
  expect(stdout).toContain('What these checks can never show:');
  expect(stdout).toMatch(/passed: nothing failed$/);
});

test('exits with 1 for a changed file, 2 without a key, and 64 for a wrong argument', async () => {
  const log = path.join(run, 'drill-7/logs/m1.log');
  await writeFile(log, 'another log');
  const changed = await swarmDrill('verify', run, '--key', key, '--json');
  await writeFile(log, 'the engine of drill-7\n');
  expect(changed.exitCode).toBe(1);
  const { points } = JSON.parse(changed.stdout) as { points: { point: number; problems: object[] }[] };
  expect(points.filter(({ problems }) => problems.length > 0)).toMatchObject([
    { point: 4, problems: [{ where: 'drill-7/logs/m1.log', what: 'was changed' }] },
  ]);
  expect((await swarmDrill('verify', run)).exitCode).toBe(2);
  expect((await swarmDrill('verify', run, '--key', path.join(run, 'nothing.pem'))).exitCode).toBe(64);
  expect((await swarmDrill('verify')).exitCode).toBe(64);
});

test('verifies twenty drills without the rest of the program, in about a second of processor time', async () => {
  const main = path.join(ROOT, 'src/verify/main.ts');
  // The shell's `times` prints the processor time of the shell, then of its children: user and system.
  const { stdout } = await execa('bash', [
    '-c',
    '"$0" "$@" >/dev/null; times',
    ...[process.execPath, main, run, '--key', key],
  ]);
  const children = stdout.split('\n').at(-1) ?? '';
  const seconds = [...children.matchAll(/(\d+)m([\d.]+)s/g)].map(([, m, s]) => Number(m) * 60 + Number(s));
  console.log(`processor time: ${seconds.join(' s user, ')} s system`);
  expect(seconds).toEqual([expect.any(Number), expect.any(Number)]);
  expect(seconds[0]).toBeGreaterThan(0);
  // Generous: other processes share the processors.
  expect(seconds.reduce((sum, one) => sum + one, 0)).toBeLessThan(4);
});

test('exports a run in each format, and refuses a period in a format of one run', async () => {
  const oscal = await swarmDrill('export', run, '--format', 'oscal');
  expect(oscal.exitCode).toBe(0);
  expect(JSON.parse(oscal.stdout)).toHaveProperty('assessment-results');
  const period = ['--from', '2026-11-01', '--to', '2026-11-30'];
  const page = await swarmDrill('export', reports.path, '--format', 'page', ...period);
  expect(page.stdout).toContain('Evidence of a period');
  expect((await swarmDrill('export', reports.path, '--format', 'oscal', ...period)).exitCode).toBe(64);
});
