// Keeps the ledger on a branch of the project's repository, for CI systems whose machines are thrown away after a night. A push is
// never forced: if another night has written the branch since it was fetched, the server refuses it, so that the ledger has one line.
import { copyFile, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LEDGER_FILE, LEDGER_HEAD_FILE } from '../../evidence/ledger/read.ts';
import { runProgram } from '../../support/command.ts';
import { type DrillError, labFailure, reasonOf } from '../../support/errors.ts';
import { writeAtomically } from '../../support/write-file.ts';

const FILES = [LEDGER_FILE, LEDGER_HEAD_FILE] as const;
const FETCHED = 'refs/swarm-drill/ledger';
/** Several nights that end in the same second. */
const MOST_PUSHES = 3;
/** For a repository without an identity, such as the checkout of a CI job. */
const IDENTITY = {
  GIT_AUTHOR_NAME: 'swarm-drill',
  GIT_AUTHOR_EMAIL: 'swarm-drill@localhost',
  GIT_COMMITTER_NAME: 'swarm-drill',
  GIT_COMMITTER_EMAIL: 'swarm-drill@localhost',
};

export interface LedgerBranch {
  readonly branch: string;
  /** The directory of all runs, with the ledger. */
  readonly reports: string;
  /** A directory in the repository. */
  readonly repository: string;
}

/**
 * Takes over what the branch has and the local ledger does not. A branch that does not exist yet is an empty ledger.
 * @throws DrillError `ledger-branch` if it can't be fetched; `ledger-fork` if neither ledger continues the other
 */
export async function fetchLedger(where: LedgerBranch): Promise<void> {
  await using stored = await readBranch(where);
  const state = compare(stored.ledger, await readLocal(where));
  if (state === 'fork') throw fork(where);
  if (state !== 'behind') return;
  await mkdir(where.reports, { recursive: true });
  for (const name of FILES) {
    const bytes = await readFile(join(stored.directory, name)).catch(() => undefined);
    if (bytes) await writeAtomically(join(where.reports, name), bytes);
  }
}

/**
 * Adds a commit with the local ledger to the branch.
 * @param message subject of the commit
 * @throws DrillError `ledger-branch` if it can't be pushed; `ledger-fork` if another machine has continued the ledger
 */
export async function pushLedger(where: LedgerBranch, message: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    await using stored = await readBranch(where);
    const state = compare(stored.ledger, await readLocal(where));
    if (state === 'fork' || state === 'behind') throw fork(where);
    if (state === 'equal') return;
    for (const name of FILES)
      await copyFile(join(where.reports, name), join(stored.directory, name)).catch(ignoreMissing);
    const commit = await stored.commit(message);
    try {
      await git(where, ['push', '--quiet', 'origin', `${commit}:refs/heads/${where.branch}`]);
      return;
    } catch (error) {
      // Whether another machine was faster shows when the branch is read again.
      if (attempt === MOST_PUSHES) throw unreachable(where, 'pushed to', error);
    }
  }
}

interface StoredLedger extends AsyncDisposable {
  /** With the files of the branch. */
  readonly directory: string;
  readonly ledger: Buffer;
  /** Commits the files in `directory` on top of the branch. @returns the commit */
  commit(message: string): Promise<string>;
}

/** Reads the branch into a directory and an index outside of the work tree, which is not touched. */
async function readBranch(where: LedgerBranch): Promise<StoredLedger> {
  const directory = await mkdtemp(join(tmpdir(), 'swarm-drill-ledger-'));
  await using cleanup = new AsyncDisposableStack();
  cleanup.defer(() => rm(directory, { recursive: true, force: true }));
  const parent = await fetchHead(where).catch((error: unknown) => {
    throw unreachable(where, 'fetched', error);
  });
  const gitDirectory = await git(where, ['rev-parse', '--absolute-git-dir']);
  const inDirectory = (...args: readonly string[]): Promise<string> =>
    runProgram('git', ['-c', 'core.autocrlf=false', `--work-tree=${directory}`, ...args], {
      cwd: directory,
      env: { ...IDENTITY, GIT_DIR: gitDirectory, GIT_INDEX_FILE: join(directory, '.index') },
    });
  if (parent !== undefined) await inDirectory('read-tree', '-u', '--reset', parent);
  const ledger = await readFile(join(directory, LEDGER_FILE)).catch(() => Buffer.alloc(0));
  const held = cleanup.move();
  return {
    directory,
    ledger,
    async commit(message) {
      await inDirectory('add', '--force', '--', ...(await present(directory)));
      const tree = await inDirectory('write-tree');
      return inDirectory('commit-tree', tree, ...(parent === undefined ? [] : ['-p', parent]), '-m', message);
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

/** Returns the newest commit of the branch; undefined if there is no such branch. */
async function fetchHead(where: LedgerBranch): Promise<string | undefined> {
  const ref = `refs/heads/${where.branch}`;
  if ((await git(where, ['ls-remote', 'origin', ref])) === '') return undefined;
  await git(where, ['fetch', '--quiet', '--no-tags', '--depth=1', 'origin', `+${ref}:${FETCHED}`]);
  return git(where, ['rev-parse', FETCHED]);
}

const git = ({ repository }: LedgerBranch, args: readonly string[]): Promise<string> =>
  // Never a question: no one watches.
  runProgram('git', args, { cwd: repository, env: { GIT_TERMINAL_PROMPT: '0' } });

const readLocal = ({ reports }: LedgerBranch): Promise<Buffer> =>
  readFile(join(reports, LEDGER_FILE)).catch(() => Buffer.alloc(0));

/** Returns how the local ledger relates to that of the branch: an entry is only ever added. */
function compare(stored: Buffer, local: Buffer): 'equal' | 'ahead' | 'behind' | 'fork' {
  const shared = Math.min(stored.length, local.length);
  if (!stored.subarray(0, shared).equals(local.subarray(0, shared))) return 'fork';
  return stored.length === local.length ? 'equal' : local.length > stored.length ? 'ahead' : 'behind';
}

async function present(directory: string): Promise<string[]> {
  const found = await Promise.all(
    FILES.map(async (name) => ((await readFile(join(directory, name)).catch(() => null)) ? [name] : [])),
  );
  return found.flat();
}

function ignoreMissing(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
}

const unreachable = ({ branch }: LedgerBranch, what: string, cause: unknown): DrillError =>
  labFailure(`the ledger's branch ${branch} can't be ${what}: ${reasonOf(cause)}`, {
    code: 'ledger-branch',
    hint: 'Check the remote `origin` and the rights of the job’s token: it has to read and push this branch.',
    cause,
  });

const fork = ({ branch, reports }: LedgerBranch): DrillError =>
  labFailure(`the ledger in ${reports} and the one on the branch ${branch} have different entries`, {
    code: 'ledger-fork',
    hint:
      'Two nights ran at the same time, or someone changed the branch. Let nights wait for each other, keep the local ledger as ' +
      'evidence, move it out of the directory, and start again.',
  });
