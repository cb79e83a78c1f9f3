// Evidence on the command line: keys, runs that end without a lab, runs that were killed, and reports of sealed runs.
import { spawn, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readLedger } from '../../src/evidence/ledger/read.ts';
import { createKeyPair } from '../../src/evidence/signing/keys.ts';
import { payloadOf } from '../../src/evidence/signing/bundle.ts';
import type { EvidencePredicate } from '../../src/evidence/statement/predicate.ts';
import type { Statement } from '../../src/evidence/statement/statement.ts';
import { ownerOf } from '../../src/lab/labels.ts';
import { SampleReports } from '../support/evidence/signed-run.ts';
import { ROOT, swarmDrill, swarmDrillWith } from '../support/program.ts';

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'swarm-drill-test-'));
});
afterEach(() => rm(home, { recursive: true }));

const NO_LAB = ['run', 'single-manager', '--no-check', '--engine', 'unix:///nowhere/docker.sock'];

async function statementOf(directory: string): Promise<Statement<EvidencePredicate>> {
  const text = payloadOf(await readFile(join(directory, 'evidence.sigstore.json'), 'utf8'));
  return JSON.parse(text) as Statement<EvidencePredicate>;
}

test('makes a pair of keys, says where they belong, and never replaces a file', async () => {
  const file = join(home, 'night.pem');
  const made = await swarmDrill('keys', 'init', '--output', file);
  expect(made.exitCode, made.stderr).toBe(0);
  expect(made.stdout).toContain('Keep it out of git');
  expect(made.stdout).not.toContain('PRIVATE');
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  const [id = ''] = /[0-9a-f]{64}/.exec(made.stdout) ?? [];
  for (const shown of [file, join(home, 'night.pub.pem')]) {
    const { stdout } = await swarmDrill('keys', 'show', shown);
    expect(stdout).toMatch(new RegExp(`^${id}\n-----BEGIN PUBLIC KEY-----\n`));
  }
  const again = await swarmDrill('keys', 'init', '--output', file);
  expect(again.exitCode).toBe(64);
  expect(again.stderr).toContain('exists already');
});

test('signs a run whose lab can not be opened: it is inconclusive, and in the ledger from start to end', async () => {
  const key = join(home, 'key.pem');
  const pair = createKeyPair();
  await writeFile(key, pair.privatePem, { mode: 0o600 });
  const reports = join(home, 'reports');
  const result = await swarmDrillWith({ SWARM_DRILL_SIGNING_KEY_FILE: key }, ...NO_LAB, '--reports', reports);
  expect(result.exitCode).toBe(2);
  expect(result.stdout + result.stderr).not.toContain('warning: ');
  const { entries } = await readLedger(reports);
  expect(entries.map(({ event }) => event)).toEqual(['start', 'end']);
  expect(entries[1]).toMatchObject({ verdict: 'inconclusive', exitCode: 2, key: pair.id });
  const directory = join(reports, entries[0]?.directory ?? '');
  const page = await readFile(join(directory, 'index.html'), 'utf8');
  expect(page).toContain(`Signed by the key <code>${pair.id.slice(0, 12)}</code>`);
  expect(page).toContain('Not approved');
  expect(page).toContain('Not reviewed');
  expect(page).not.toContain('Not in the ledger');
});

test('says "unsigned" on the first screen of a run without a key', async () => {
  await swarmDrill(...NO_LAB, '--reports', home);
  const directory = join(home, (await readLedger(home)).entries[0]?.directory ?? '');
  expect(await readFile(join(directory, 'index.html'), 'utf8')).toContain('<dd>Unsigned</dd>');
  expect(await readFile(join(directory, 'single-manager/report.html'), 'utf8')).toContain(
    '<dd>Unsigned</dd>',
  );
});

test('withdraws a run that a mistake kept from starting', async () => {
  const args = ['run', 'single-manager', '--no-check', '--engine', 'foo', '--reports', home];
  expect((await swarmDrill(...args)).exitCode).toBe(64);
  const { entries } = await readLedger(home);
  expect(entries.map(({ event }) => event)).toEqual(['start', 'removed']);
  expect(await readdir(home)).toEqual(['ledger.jsonl']);
});

test('reads the key from a descriptor, also through the entry point', async () => {
  const pair = createKeyPair();
  const file = join(home, 'key.pem');
  await writeFile(file, pair.privatePem, { mode: 0o600 });
  await using handle = await open(file);
  const start = [join(ROOT, 'src/cli/start.mjs'), ...NO_LAB, '--reports', join(home, 'reports')];
  const stdio: StdioOptions = ['ignore', 'ignore', 'inherit', 'ignore', handle.fd];
  const child = spawn(process.execPath, [...start, '--signing-key-fd', '4'], { cwd: ROOT, stdio });
  await once(child, 'exit');
  const { entries } = await readLedger(join(home, 'reports'));
  expect(entries.at(-1)).toMatchObject({ event: 'end', key: pair.id });
});

test('refuses to rebuild the reports of a sealed run, and builds them in a new one', async () => {
  await using sample = await SampleReports.create();
  const { directory, sealed } = await sample.addRun();
  const before = await readFile(join(directory, 'index.html'), 'utf8');
  for (const path of [directory, join(directory, 'total-loss')]) {
    const { exitCode, stderr } = await swarmDrill('report', path);
    expect(exitCode).toBe(64);
    expect(stderr).toContain('the run is sealed');
  }
  expect(await readFile(join(directory, 'index.html'), 'utf8')).toBe(before);

  const key = join(home, 'key.pem');
  await writeFile(key, sample.key.privatePem, { mode: 0o600 });
  const args = ['report', '--merge', directory, '--reports', sample.path, '--signing-key', key];
  const merged = await swarmDrill(...args);
  expect(merged.exitCode, merged.stderr).toBe(0);
  const entry = (await readLedger(sample.path)).entries.at(-1);
  expect(entry).toMatchObject({ event: 'merge', of: ['2026-11-23T02-15-07Z'], key: sample.key.id });
  const { predicate } = await statementOf(join(sample.path, entry?.directory ?? ''));
  expect(predicate.plan.merged).toMatchObject([{ statement: sealed.digest }]);
  expect(predicate.plan.drills.map(({ name }) => name)).toEqual(['total-loss']);
});

test('leaves a run that still goes on as it is', async () => {
  await using sample = await SampleReports.create();
  const { directory } = await sample.startRun({ owner: ownerOf(process.pid) });
  const { exitCode, stderr } = await swarmDrill('report', directory);
  expect(exitCode).toBe(64);
  expect(stderr).toContain('the run has not ended');
  expect(await readdir(directory)).toEqual(['plan.json', 'total-loss']);
});

test('seals a run that was killed when its reports are rebuilt, and says so', async () => {
  await using sample = await SampleReports.create();
  const { directory } = await sample.startRun();
  const key = join(home, 'key.pem');
  await writeFile(key, sample.key.privatePem, { mode: 0o600 });
  const { exitCode, stderr } = await swarmDrill('report', directory, '--signing-key', key);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  expect((await readLedger(sample.path)).entries.at(-1)).toMatchObject({
    event: 'end',
    late: expect.stringContaining('ended before') as string,
  });
  const { predicate } = await statementOf(directory);
  expect(predicate.integrity.late).toContain('ended before it could');
});
