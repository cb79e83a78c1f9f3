// A work tree as it must be before it can be called a backup: clean, and at the commit that its remote has, too.
import { existsSync } from 'node:fs';
import { join, posix, resolve } from 'node:path';
import { finding } from '../../../support/errors.ts';
import { runGit, tryGit, TRANSFER_LIMIT, redactPasswords, type GitEnvironment } from './git.ts';

export interface StackFilesInGit {
  /** A directory of the repository; paths below are relative to it. */
  readonly directory: string;
  /** In the order in which they are given to `docker stack deploy`. */
  readonly compose: readonly string[];
  /** A file of `NAME=value` lines for what compose files leave open. */
  readonly env?: string;
}

export interface WorkTreeState {
  readonly commit: string;
  /** Git's hash over every file, with its name and mode. */
  readonly tree: string;
  /** Of the repository. */
  readonly top: string;
  /** `directory` inside of the repository, empty or with a slash at its end. */
  readonly prefix: string;
  /** Of the work tree; undefined when its HEAD is on none. */
  readonly branch: string | undefined;
}

/** @throws DrillError `no-repository`, `no-commit`, `shallow-clone`, `dirty-tree`, `untracked-file` */
export async function readWorkTree({ directory, compose, env }: StackFilesInGit): Promise<WorkTreeState> {
  const prefix = await runGit(directory, ['rev-parse', '--show-prefix'], { code: 'no-repository' });
  const commit = await tryGit(directory, ['rev-parse', '--quiet', '--verify', 'HEAD']);
  if (commit === undefined)
    throw finding('the repository has no commit on its branch yet, so there is nothing to back up', {
      code: 'no-commit',
      hint: 'commit the files that the stack is deployed from, and push them; then back up again',
    });
  if ((await runGit(directory, ['rev-parse', '--is-shallow-repository'])) === 'true')
    throw finding('the work tree is a shallow clone: a bundle of it would not hold its history', {
      code: 'shallow-clone',
      hint: 'git fetch --unshallow',
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
      `the work tree is not what its commit ${commit.slice(0, 12)} says: ${changes
        .split('\n')
        .map((line) => line.trim())
        .join(', ')}`,
      {
        code: 'dirty-tree',
        hint: 'commit these, or take them away; what is in no commit is in no backup',
      },
    );
  const wanted = [...compose, ...(env === undefined ? [] : [env])].map((file) => posix.normalize(file));
  const tracked = new Set((await runGit(directory, ['ls-files', '-z', '--', '.', ...wanted])).split('\0'));
  const untracked = wanted.filter((file) => !tracked.has(file));
  if (untracked.length > 0)
    throw finding(`no commit has ${untracked.join(', ')}`, {
      code: 'untracked-file',
      hint: 'git add it; perhaps .gitignore names it, so that git status is silent about it',
    });
  return {
    commit,
    tree: await runGit(directory, ['rev-parse', 'HEAD^{tree}']),
    top,
    prefix,
    branch: await tryGit(directory, ['symbolic-ref', '--quiet', '--short', 'HEAD']),
  };
}

/** The address of a remote, without a password, and good from any directory. */
export async function remoteAddress(top: string, remote: string): Promise<string> {
  const address = await runGit(top, ['remote', 'get-url', remote], { code: 'no-remote' });
  const path = resolve(top, address);
  return existsSync(path) ? path : redactPasswords(address);
}

/**
 * Looks at the remote itself, not at what the last fetch remembers.
 * @throws DrillError `no-remote`, `unpushed`, `moved`
 */
export async function requireBranchAt(
  top: string,
  remote: string,
  branch: string,
  commit: string,
  environment: GitEnvironment,
): Promise<void> {
  const answer = await runGit(top, ['ls-remote', '--', remote, `refs/heads/${branch}`], {
    environment,
    code: 'no-remote',
  });
  const [theirs = ''] = answer.split(/\s/);
  if (theirs === commit) return;
  const [mine, other] = [commit.slice(0, 12), theirs.slice(0, 12)];
  const moved = (reason: string, hint: string) => finding(reason, { code: 'moved', hint });
  if (!theirs)
    throw finding(`${remote} has no branch ${branch}`, {
      code: 'unpushed',
      hint: `git push ${remote} HEAD:${branch}`,
    });
  const known = (await tryGit(top, ['cat-file', '-e', `${theirs}^{commit}`])) !== undefined;
  if (!known)
    throw moved(
      `${branch} of ${remote} is at ${other}, which this clone hasn't got, and the work tree at ${mine}: somebody pushed, or moved it by force`,
      'git fetch, look at what changed, deploy that, and back up again',
    );
  const unpushed = await runGit(top, ['log', '--oneline', '--no-decorate', `${theirs}..${commit}`]);
  const behind = await runGit(top, ['log', '--oneline', '--no-decorate', `${commit}..${theirs}`]);
  if (!behind)
    throw finding(`${remote} hasn't got these commits of the work tree: ${listed(unpushed)}`, {
      code: 'unpushed',
      hint: `git push ${remote} HEAD:${branch}`,
    });
  throw moved(
    unpushed
      ? `${branch} of ${remote} was moved: it has ${listed(behind)} where the work tree has ${listed(unpushed)}`
      : `${branch} of ${remote} is ahead of the work tree by ${listed(behind)}`,
    'git pull, deploy that, and back up again',
  );
}

const listed = (log: string): string => log.split('\n').join(', ');

export const bundlePath = (place: string): string => join(place, 'repository.bundle');

/** The commit with its whole history, in one file that git can clone from. */
export async function createBundle({ top, commit, branch }: WorkTreeState, place: string): Promise<string> {
  const path = bundlePath(place);
  await runGit(
    top,
    ['bundle', 'create', '--quiet', path, 'HEAD', ...(branch ? [`refs/heads/${branch}`] : [])],
    {
      limit: TRANSFER_LIMIT,
    },
  );
  const heads = await runGit(top, ['bundle', 'list-heads', path, 'HEAD']);
  if (!heads.startsWith(commit))
    throw finding('the work tree moved on while it was backed up', { code: 'moved', hint: 'back up again' });
  await runGit(top, ['bundle', 'verify', '--quiet', path]);
  return path;
}
