// The shards of a run are merged into one; a drill that none of them ran must not vanish.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { JournalEvent, ShardFact } from '../../../src/drill/events.ts';
import { mergeRuns } from '../../../src/report/merge.ts';
import { asText, notRecoveredSample, recoveredSample } from '../../support/report/samples.ts';

let home: string;
beforeEach(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'swarm-drill-test-'));
});
afterEach(() => rm(home, { recursive: true }));

async function ran(
  machine: string,
  name: string,
  events: readonly JournalEvent[],
  shard?: ShardFact,
): Promise<string> {
  const run = path.join(home, machine);
  await mkdir(path.join(run, name, 'logs'), { recursive: true });
  const named = events.map((event) =>
    event.event === 'plan' ? { ...event, name, ...(shard && { shard }) } : event,
  );
  await writeFile(path.join(run, name, 'journal.jsonl'), asText(named));
  await writeFile(path.join(run, name, 'logs/m1.log'), `${machine} ${name}`);
  return run;
}

async function merge(...directories: readonly string[]) {
  const target = path.join(home, '2026-11-26T00-00-00Z');
  await mkdir(target);
  return { target, run: await mergeRuns(directories, target) };
}

const selection = ['a', 'b', 'c'];

test('a merged run has the drills of all shards, their logs, and the worst verdict', async () => {
  const first = await ran('one', 'a', recoveredSample(), { index: 1, of: 2, selection });
  await ran('one', 'b', recoveredSample(), { index: 1, of: 2, selection });
  const second = await ran('two', 'c', notRecoveredSample(), { index: 2, of: 2, selection });
  const { target, run } = await merge(first, second);
  expect(run).toMatchObject({ verdict: 'not-recovered', exitCode: 1 });
  expect(run.drills.map(({ name }) => name).sort()).toEqual(selection);
  expect(await readFile(path.join(target, 'c/logs/m1.log'), 'utf8')).toBe('two c');
  expect(await readFile(path.join(target, 'index.html'), 'utf8')).toContain('c&#x2F;report.html');
});

test('a drill that no shard ran is inconclusive, and names the shards that were merged', async () => {
  const first = await ran('one', 'a', recoveredSample(), { index: 1, of: 3, selection });
  const third = await ran('three', 'c', recoveredSample(), { index: 3, of: 3, selection });
  const { run } = await merge(first, third);
  expect(run).toMatchObject({ verdict: 'inconclusive', exitCode: 2 });
  expect(run.drills.find(({ name }) => name === 'b')).toMatchObject({
    verdict: 'inconclusive',
    reason: expect.stringContaining('no shard ran it: merged were 1 and 3 of 3') as string,
    failure: { hint: expect.stringContaining('every shard') as string },
  });
});

test('runs that are not shards are merged as they are', async () => {
  const { run } = await merge(
    await ran('one', 'a', recoveredSample()),
    await ran('two', 'b', recoveredSample()),
  );
  expect(run).toMatchObject({ verdict: 'recovered', exitCode: 0 });
});

test('refuses a drill that two runs have', async () => {
  const first = await ran('one', 'a', recoveredSample());
  const second = await ran('two', 'a', recoveredSample());
  await expect(merge(first, second)).rejects.toMatchObject({
    blame: 'usage',
    message: `the drill a is in ${first} and in ${second}`,
  });
});

test('refuses parts of different splits', async () => {
  const first = await ran('one', 'a', recoveredSample(), { index: 1, of: 2, selection });
  const second = await ran('two', 'b', recoveredSample(), { index: 2, of: 3, selection });
  await expect(merge(first, second)).rejects.toMatchObject({
    blame: 'usage',
    message: 'expected the shards of one run, got parts of 2 and of 3',
  });
});

test('refuses a directory without a drill', async () => {
  await mkdir(path.join(home, 'empty'));
  await expect(merge(path.join(home, 'empty'))).rejects.toMatchObject({
    blame: 'usage',
    message: expect.stringContaining('no drill in it has a journal.jsonl') as string,
  });
});
