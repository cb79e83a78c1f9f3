// A git work tree as a backup requires it: clean, with a full history, and at the commit that its remote has, too.
import { existsSync } from 'node:fs';
import { join, posix, resolve } from 'node:path';
import { finding } from '../../../support/errors.ts';
import { redactPasswords, runGit, TRANSFER_LIMIT, tryGit, type GitEnvironment } from './git.ts';

export interface StackFilesInGit {
  /** A directory of the repository; paths below are relative to it. */
  readonly directory: string;
  /** In the order in which they are given to `docker stack deploy`. */
  readonly compose: readonly string[];
  /** A file of `NAME=value` lines for the variables of the compose files. */
  readonly env?: string;
}

export interface WorkTreeState {
  readonly commit: string;
  /** Git's hash over every file, with its name and mode. */
  readonly tree: string;
  /** The repository's top directory. */
  readonly top: string;
  /** `directory` within the repository: empty, or with a trailing slash. */
  readonly prefix: string;
  /** The branch that is checked out; undefined when HEAD is detached. */
  readonly branch: string | undefined;
}

/** A commit, and the branch of the remote that must be at it. */
export interface BranchHead extends Pick<WorkTreeState, 'top' | 'commit'> {
  readonly branch: string;
}

/** @throws DrillError `no-repository`, `no-commit`, `shallow-clone`, `dirty-tree`, `untracked-file` */
export async function readWorkTree({ directory, compose, env }: StackFilesInGit): Promise<WorkTreeState> {
  const prefix = await runGit(directory, ['rev-parse', '--show-prefix'], { code: 'no-repository' });
  const commit = await tryGit(directory, ['rev-parse', '--quiet', '--verify', 'HEAD']);
  if (commit === undefined)
    throw finding('the current branch has no commit yet', {
      code: 'no-commit',
      hint: 'Commit and push the files that the stack is deployed from; then back up again.',
    });
  if ((await runGit(directory, ['rev-parse', '--is-shallow-repository'])) === 'true')
    throw finding('the work tree is a shallow clone: its bundle would not hold the full history', {
      code: 'shallow-clone',
      hint: 'Run git fetch --unshallow.',
    });
  const top = await runGit(directory, ['rev-parse', '--show-toplevel']);
  const changes = await runGit(top, [
    'status',
    '--porcelain=v1',
    '--untracked-files=all',
    '--ignore-submodules=none',
  ]);
  if (changes)
    throw finding(
      `the work tree differs from its commit ${commit.slice(0, 12)}: ${changes
        .split('\n')
        .map((line) => line.trim())
        .join(', ')}`,
      {
        code: 'dirty-tree',
        hint: 'Commit or remove these files: uncommitted files are not backed up.',
      },
    );
  const files = [...compose, ...(env === undefined ? [] : [env])].map((file) => posix.normalize(file));
  const tracked = new Set((await runGit(directory, ['ls-files', '-z', '--', '.', ...files])).split('\0'));
  const untracked = files.filter((file) => !tracked.has(file));
  if (untracked.length > 0)
    throw finding(`not in any commit: ${untracked.join(', ')}`, {
      code: 'untracked-file',
      hint: 'Run git add --force: .gitignore may name the file, and git status does not show such files.',
    });
  return {
    commit,
    tree: await runGit(directory, ['rev-parse', 'HEAD^{tree}']),
    top,
    prefix,
    branch: await tryGit(directory, ['symbolic-ref', '--quiet', '--short', 'HEAD']),
  };
}

/** Returns the address of a remote, without a password; a local path is absolute. */
export async function findRemoteAddress(top: string, remote: string): Promise<string> {
  const address = await runGit(top, ['remote', 'get-url', remote], { code: 'no-remote' });
  const path = resolve(top, address);
  return existsSync(path) ? path : redactPasswords(address);
}

/**
 * Asks the remote itself, not the state of the last fetch, whether the branch is at the commit.
 * @param remote a remote's name, or an address
 * @throws DrillError `no-remote`, `unpushed`, `moved`
 */
export async function requireBranchAt(
  remote: string,
  { top, branch, commit }: BranchHead,
  environment: GitEnvironment,
): Promise<void> {
  const answer = await runGit(top, ['ls-remote', '--', remote, `refs/heads/${branch}`], {
    environment,
    code: 'no-remote',
  });
  const [theirs = ''] = answer.split(/\s/);
  if (theirs === commit) return;
  const unpushed = (reason: string) =>
    finding(reason, { code: 'unpushed', hint: `Run git push ${remote} HEAD:${branch}.` });
  const moved = (reason: string, hint: string) => finding(reason, { code: 'moved', hint });
  if (!theirs) throw unpushed(`${remote} has no branch ${branch}`);
  const isKnown = (await tryGit(top, ['cat-file', '-e', `${theirs}^{commit}`])) !== undefined;
  if (!isKnown)
    throw moved(
      `${branch} of ${remote} is at ${theirs.slice(0, 12)}, which is not in this clone (expected ${commit.slice(0, 12)})`,
      'Someone pushed to the branch: run git fetch, deploy the new commit, and back up again.',
    );
  const onlyHere = await listCommits(top, `${theirs}..${commit}`);
  const onlyThere = await listCommits(top, `${commit}..${theirs}`);
  if (!onlyThere) throw unpushed(`${remote} does not have these commits of the work tree: ${onlyHere}`);
  throw moved(
    onlyHere
      ? `${branch} of ${remote} has diverged: it has ${onlyThere}, the work tree has ${onlyHere}`
      : `${branch} of ${remote} is ahead of the work tree by ${onlyThere}`,
    'Run git pull, deploy the new commit, and back up again.',
  );
}

async function listCommits(top: string, range: string): Promise<string> {
  const log = await runGit(top, ['log', '--oneline', '--no-decorate', range]);
  return log.split('\n').join(', ');
}

export const bundlePath = (directory: string): string => join(directory, 'repository.bundle');

/** Writes the commit with its full history into one file that git can clone from. @throws DrillError `moved` */
export async function createBundle(
  { top, commit, branch }: WorkTreeState,
  directory: string,
): Promise<string> {
  const path = bundlePath(directory);
  const refs = ['HEAD', ...(branch ? [`refs/heads/${branch}`] : [])];
  await runGit(top, ['bundle', 'create', '--quiet', path, ...refs], { limit: TRANSFER_LIMIT });
  const heads = await runGit(top, ['bundle', 'list-heads', path, 'HEAD']);
  if (!heads.startsWith(commit))
    throw finding('the work tree moved to another commit during the backup', {
      code: 'moved',
      hint: 'Back up again.',
    });
  await runGit(top, ['bundle', 'verify', '--quiet', path]);
  return path;
}
