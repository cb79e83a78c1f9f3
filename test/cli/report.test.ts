// `report` builds reports again from journals, whatever state these are in.
import { mkdtemp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { asText, notRecoveredSample, recoveredSample } from '../support/report/samples.ts';
import { swarmDrill } from '../support/program.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'swarm-drill-test-'));
});
afterEach(() => rm(directory, { recursive: true }));

async function journalOf(drill: string, text: string): Promise<string> {
  await mkdir(join(directory, drill));
  await writeFile(join(directory, drill, 'journal.jsonl'), text);
  return join(directory, drill);
}

test('a run: every drill of it, the index, and the summary', async () => {
  await journalOf('good', asText(recoveredSample()));
  await journalOf('bad', asText(notRecoveredSample()));
  const { exitCode, stdout } = await swarmDrill('report', directory);
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^recovered: total-loss: /m);
  expect(stdout).toMatch(/^not-recovered: total-loss: /m);
  expect(stdout).toMatch(/RTA .*, RTO 90 s; RPA .*, RPO /);
  expect(stdout).toMatch(/^ {4}failed: /m);
  expect(stdout).toMatch(/^report: .*index\.html$/m);
  expect(await readFile(join(directory, 'run.json'), 'utf8')).toContain('"verdict": "not-recovered"');
});

test('one drill', async () => {
  const { exitCode, stdout } = await swarmDrill('report', await journalOf('one', asText(recoveredSample())));
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^recovered: total-loss: .*\nreport: .*report\.html$/);
});

test('a journal that was cut and scribbled over is inconclusive, not an error', async () => {
  const whole = asText(recoveredSample());
  const damaged = `${whole.slice(0, whole.length / 3)}\n{"event":"che\0\n`;
  const { exitCode, stdout } = await swarmDrill('report', await journalOf('damaged', damaged));
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^inconclusive: /);
});

test('a directory without a journal: exit 64', async () => {
  const { exitCode, stderr } = await swarmDrill('report', directory);
  expect(exitCode).toBe(64);
  expect(stderr).toContain(`no drill in ${directory} has a journal.jsonl`);
});
