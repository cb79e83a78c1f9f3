import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { canonicalJson } from '../../../src/evidence/canonical.ts';
import { appendEntry } from '../../../src/evidence/ledger/append.ts';
import type { NewEntry } from '../../../src/evidence/ledger/entry.ts';
import { readLedger } from '../../../src/evidence/ledger/read.ts';
import { sha256 } from '../../../src/support/sha256.ts';

let reports: string;
beforeEach(async () => {
  reports = await mkdtemp(join(tmpdir(), 'swarm-drill-ledger-'));
});
afterEach(() => rm(reports, { recursive: true }));

const removed = (run: string): NewEntry => ({
  event: 'removed',
  run,
  directory: `2026-11-23-${run}`,
  statement: null,
  reason: 'older than 400 days',
});
const text = (): Promise<string> => readFile(join(reports, 'ledger.jsonl'), 'utf8');

test('is empty without a file', async () => {
  expect(await readLedger(reports)).toEqual({
    entries: [],
    lines: 0,
    head: '0'.repeat(64),
    damaged: [],
    torn: '',
  });
});

test('writes one line of canonical JSON with the hash of the line before it', async () => {
  await appendEntry(reports, removed('one'));
  await appendEntry(reports, removed('two'));
  const [first = '', second = '', ...rest] = (await text()).split('\n');
  expect(rest).toEqual(['']);
  expect(canonicalJson(JSON.parse(first))).toBe(first);
  expect(JSON.parse(second)).toMatchObject({ entry: 2, previous: sha256(first), run: 'two' });
  expect((await readLedger(reports)).head).toBe(sha256(second));
});

test('keeps every entry of writers that append at the same time', async () => {
  const runs = Array.from({ length: 12 }, (_, index) => `run ${index}`);
  await Promise.all(runs.map((run) => appendEntry(reports, removed(run))));
  const { entries, damaged } = await readLedger(reports);
  expect(damaged).toEqual([]);
  expect(entries.map(({ entry }) => entry)).toEqual(runs.map((_, index) => index + 1));
  expect(entries.map(({ run }) => run).sort()).toEqual(runs.sort());
  const lines = (await text()).split('\n').slice(0, -1);
  for (const [index, { previous }] of entries.slice(1).entries())
    expect(previous).toBe(sha256(lines[index] ?? ''));
});

test('cuts off half a line that a crash left behind, and says so in the next entry', async () => {
  await appendEntry(reports, removed('one'));
  // Cut within a character of several bytes.
  const half = Buffer.from('{"entry":2,"reason":"ö').subarray(0, -1);
  await appendFile(join(reports, 'ledger.jsonl'), half);
  expect((await readLedger(reports)).torn).not.toBe('');
  const entry = await appendEntry(reports, removed('two'));
  expect(entry).toMatchObject({ entry: 2, torn: sha256(half) });
  expect(await readLedger(reports)).toMatchObject({ lines: 2, damaged: [], torn: '' });
  expect(await appendEntry(reports, removed('three'))).not.toHaveProperty('torn');
});

test('names a damaged line, and chains the next one to it as it is', async () => {
  await appendEntry(reports, removed('one'));
  await appendFile(join(reports, 'ledger.jsonl'), '{"entry":2\n');
  const { entry, previous } = await appendEntry(reports, removed('three'));
  expect([entry, previous]).toEqual([3, sha256('{"entry":2')]);
  expect((await readLedger(reports)).damaged).toEqual([2]);
});

test('refuses an entry of another format, and leaves the ledger as it was', async () => {
  await appendEntry(reports, removed('one'));
  const before = await text();
  const wrong = { ...removed('two'), statement: 'no digest' } as NewEntry;
  await expect(appendEntry(reports, wrong)).rejects.toThrow(/statement/);
  expect(await text()).toBe(before);
});

test('fails without changing anything where the ledger can not be opened', async () => {
  await writeFile(join(reports, 'file'), '');
  await expect(appendEntry(join(reports, 'file'), removed('one'))).rejects.toThrow(/EEXIST|ENOTDIR/);
});
