// The list of drills, for people and for programs.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { buildReport } from '../../src/report/build.ts';
import { recoveredSample } from '../support/report/samples.ts';
import { swarmDrill } from '../support/program.ts';

test('prints name, title, tags, topology, objectives, last run and file of every drill as JSON, and runs none', async () => {
  const { exitCode, stdout } = await swarmDrill('list', '--json', '--reports', 'nowhere');
  expect(exitCode).toBe(0);
  expect(JSON.parse(stdout)).toContainEqual({
    name: 'total-loss',
    title: 'total loss: the ledger comes back from the off-site backup',
    tags: ['smoke', 'nightly'],
    topology: { managers: 3, workers: 2 },
    objectives: { rtoSeconds: expect.any(Number) as number, rpoSeconds: expect.any(Number) as number },
    runsAlone: null,
    last: null,
    file: 'drills/total-loss.drill.ts',
  });
});

test('prints how long a drill took when it last ran, and its verdict', async () => {
  const reports = await mkdtemp(join(tmpdir(), 'swarm-drill-test-'));
  const drill = join(reports, '2026-11-23T02-15-07Z', 'total-loss');
  await mkdir(drill, { recursive: true });
  await writeFile(join(drill, 'report.json'), JSON.stringify(buildReport(recoveredSample())));
  const { stdout } = await swarmDrill('list', '--reports', reports);
  await rm(reports, { recursive: true });
  expect(stdout).toMatch(/total-loss .*│ 1 min 44\.3 s, recovered +│/);
  expect(stdout).toMatch(/single-manager .*│ never +│/);
});

test('prints a table with a line for each drill', async () => {
  const { exitCode, stdout } = await swarmDrill('list');
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/single-manager .* 1 +│ 0 .*drills\/single-manager\.drill\.ts/);
});

test('docs/failures.md has every drill of a failure, and no other', async () => {
  const { stdout } = await swarmDrill('list', '--json', '--reports', 'nowhere');
  const names = (JSON.parse(stdout) as { name: string }[]).map(({ name }) => name);
  const page = await readFile(join(import.meta.dirname, '../../docs/failures.md'), 'utf8');
  const drills = page.split('\n').flatMap((row) => namesIn(row.split('|')[3] ?? ''));
  const isListed = (name: string): boolean =>
    drills.some((drill) => drill === name || (drill.endsWith('.*') && name.startsWith(drill.slice(0, -1))));
  // Each method has a page.
  expect(names.filter((name) => !isListed(name) && !name.startsWith('methods.'))).toEqual([]);
  const exists = (drill: string): boolean =>
    drill.endsWith('.*') ? names.some((name) => name.startsWith(drill.slice(0, -1))) : names.includes(drill);
  expect(drills.filter((drill) => !exists(drill))).toEqual([]);
});

/** Returns the names of drills in a cell: `file.variant`, and `.variant` for another one of the same file. */
function namesIn(cell: string): string[] {
  let file = '';
  return [...cell.matchAll(/`([a-z0-9.*-]+)`/g)].map(([, name = '']) => {
    if (!name.startsWith('.')) file = name.split('.')[0] ?? '';
    return name.startsWith('.') ? `${file}${name}` : name;
  });
}
