import { execFileSync } from 'node:child_process';
import { appendFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { fetchLedger, type LedgerBranch, pushLedger } from '../../../../src/cli/ci/ledger-branch.ts';

let directory: string;
let origin: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'swarm-drill-test-'));
  origin = join(directory, 'origin.git');
  git(directory, 'init', '--quiet', '--bare', '--initial-branch=main', origin);
  const first = join(directory, 'first');
  git(directory, 'clone', '--quiet', origin, first);
  await writeFile(join(first, 'README'), 'shop\n');
  git(first, 'add', '.');
  git(first, '-c', 'user.name=a', '-c', 'user.email=a@b', 'commit', '--quiet', '-m', 'Start');
  git(first, 'push', '--quiet', 'origin', 'HEAD:main');
});
afterEach(() => rm(directory, { recursive: true }));

const git = (cwd: string, ...args: string[]): string =>
  execFileSync('git', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });

/** A checkout as a CI job has it: shallow, with a detached head. */
async function checkout(
  name: string,
): Promise<LedgerBranch & { ledger(): Promise<string>; add(line: string): Promise<void> }> {
  const repository = join(directory, name);
  git(directory, 'clone', '--quiet', '--depth=1', `file://${origin}`, repository);
  git(repository, 'checkout', '--quiet', '--detach');
  const reports = join(repository, 'reports');
  const file = join(reports, 'ledger.jsonl');
  return {
    branch: 'swarm-drill-ledger',
    reports,
    repository,
    ledger: () => readFile(file, 'utf8'),
    async add(line) {
      await mkdir(reports, { recursive: true });
      await appendFile(file, `${line}\n`);
      await writeFile(join(reports, 'ledger.sigstore.json'), `head ${line}`);
    },
  };
}

const stored = (file = 'ledger.jsonl'): string => git(origin, 'show', `swarm-drill-ledger:${file}`);
const commits = (): string[] => git(origin, 'log', '--format=%s', 'swarm-drill-ledger').trim().split('\n');

test('keeps the ledger and its signed head from one night to the next', async () => {
  const first = await checkout('monday');
  await fetchLedger(first);
  await first.add('start 1');
  await pushLedger(first, 'Start a run');
  await first.add('end 1');
  await pushLedger(first, 'End a run');
  expect(stored()).toBe('start 1\nend 1\n');
  expect(stored('ledger.sigstore.json')).toBe('head end 1');

  const second = await checkout('tuesday');
  await fetchLedger(second);
  expect(await second.ledger()).toBe('start 1\nend 1\n');
  await second.add('start 2');
  await pushLedger(second, 'Start a run');
  expect(stored()).toBe('start 1\nend 1\nstart 2\n');
  expect(commits()).toEqual(['Start a run', 'End a run', 'Start a run']);
});

test('changes neither work tree, index nor branches of the checkout', async () => {
  const night = await checkout('monday');
  await writeFile(join(night.repository, 'README'), 'changed\n');
  await writeFile(join(night.repository, 'new'), '');
  git(night.repository, 'add', 'new');
  const before = [
    git(night.repository, 'status', '--porcelain=v2'),
    git(night.repository, 'branch', '--all'),
  ];
  await night.add('start 1');
  const withReports = git(night.repository, 'status', '--porcelain=v2');
  await pushLedger(night, 'Start a run');
  await fetchLedger(night);
  expect(git(night.repository, 'status', '--porcelain=v2')).toBe(withReports);
  expect(git(night.repository, 'branch', '--all')).toBe(before[1]);
});

test('pushes no commit where there is nothing new', async () => {
  const night = await checkout('monday');
  await night.add('start 1');
  await pushLedger(night, 'Start a run');
  await pushLedger(night, 'Start a run');
  expect(commits()).toHaveLength(1);
});

test('refuses the second of two nights that overlap, and leaves the first one’s entries', async () => {
  const [first, second] = [await checkout('monday'), await checkout('tuesday')];
  await fetchLedger(first);
  await fetchLedger(second);
  await first.add('start 1');
  await second.add('start 2');
  await pushLedger(first, 'Start a run');
  await expect(pushLedger(second, 'Start a run')).rejects.toMatchObject({ code: 'ledger-fork' });
  expect(stored()).toBe('start 1\n');
  await expect(fetchLedger(second)).rejects.toThrow('have different entries');
  expect(await second.ledger()).toBe('start 2\n');
});

test('refuses to go on where the branch has lost entries that this machine has not', async () => {
  const night = await checkout('monday');
  await night.add('start 1');
  await night.add('end 1');
  await pushLedger(night, 'End a run');
  await writeFile(join(night.reports, 'ledger.jsonl'), 'start 1\n');
  await expect(pushLedger(night, 'End a run')).rejects.toMatchObject({ code: 'ledger-fork' });
});

test('says what to do when the branch can’t be fetched or pushed', async () => {
  const night = await checkout('monday');
  await night.add('start 1');
  await writeFile(join(origin, 'hooks', 'pre-receive'), '#!/bin/sh\necho "protected branch" >&2\nexit 1\n', {
    mode: 0o755,
  });
  await expect(pushLedger(night, 'Start a run')).rejects.toMatchObject({
    code: 'ledger-branch',
    message: expect.stringContaining("the ledger's branch swarm-drill-ledger can't be pushed to") as string,
    hint: expect.stringContaining('rights of the job’s token') as string,
  });
  await rm(origin, { recursive: true });
  await expect(fetchLedger(night)).rejects.toMatchObject({ code: 'ledger-branch', blame: 'lab' });
});
