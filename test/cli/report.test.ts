// `report` rebuilds reports from journals, even from damaged ones.
import { mkdtemp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { JOURNAL_VERSION } from '../../src/drill/events.ts';
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

test('rebuilds every drill of a run, its index, and prints the summary', async () => {
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

test('rebuilds one drill', async () => {
  const { exitCode, stdout } = await swarmDrill('report', await journalOf('one', asText(recoveredSample())));
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^recovered: total-loss: .*\nreport: .*report\.html$/);
});

test('reports a truncated and damaged journal as inconclusive, not as an error', async () => {
  const whole = asText(recoveredSample());
  const damaged = `${whole.slice(0, whole.length / 3)}\n{"event":"che\0\n`;
  const { exitCode, stdout } = await swarmDrill('report', await journalOf('damaged', damaged));
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^inconclusive: /);
});

test('exits with 64 for a journal of version 1, and says what to do', async () => {
  const text = asText(recoveredSample()).replace(`"journal":${JOURNAL_VERSION}`, '"journal":1');
  const { exitCode, stderr } = await swarmDrill('report', await journalOf('old', text));
  expect(exitCode).toBe(64);
  expect(stderr).toContain('journal has version 1 (expected version 3)');
  expect(stderr).toContain('what to do: Rebuild this report with the version of swarm-drill that wrote');
});

test('exits with 64 for a directory without a journal', async () => {
  const { exitCode, stderr } = await swarmDrill('report', directory);
  expect(exitCode).toBe(64);
  expect(stderr).toContain(`${directory}: no drill in it has a journal.jsonl`);
});
