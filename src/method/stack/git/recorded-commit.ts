// Brings back the recorded commit and no other: from the remote, or from the bundle when the remote no longer has it.
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { DrillError, finding, reasonOf } from '../../../support/errors.ts';
import { runGit, TRANSFER_LIMIT, tryGit, type GitEnvironment } from './git.ts';
import { bundlePath } from './work-tree.ts';

export interface GitRemote {
  readonly address: string;
  readonly branch: string;
  readonly environment: GitEnvironment;
}

export type CommitOrigin =
  | { readonly from: 'remote' }
  /** `because`: what was wrong with the remote. */
  | { readonly from: 'bundle'; readonly because: string };

/** Compares every object with its hash. */
const CHECK_OBJECTS = ['-c', 'fetch.fsckObjects=true'];

/**
 * Fetches the commit into a bare repository in `directory`.
 * @throws DrillError `commit-gone`, with what was wrong with the remote and with the bundle
 */
export async function fetchOrUnbundle(
  commit: string,
  remote: GitRemote,
  bundle: () => Readable,
  directory: string,
): Promise<{ readonly repository: string; readonly origin: CommitOrigin }> {
  const repository = join(directory, 'repository.git');
  await runGit(directory, ['init', '--quiet', '--bare', repository]);
  const because = await fetchFromRemote(repository, commit, remote);
  if (because === undefined) return { repository, origin: { from: 'remote' } };
  await fetchFromBundle(repository, commit, bundle, directory).catch((cause: unknown) => {
    throw finding(
      `commit ${commit.slice(0, 12)} is neither at the remote nor in the bundle: ${because}; bundle: ${reasonOf(cause)}`,
      {
        code: 'commit-gone',
        hint: 'Look for another clone that has this commit; another commit is another stack.',
        ...(cause instanceof DrillError && cause.output !== undefined && { output: cause.output }),
        cause,
      },
    );
  });
  return { repository, origin: { from: 'bundle', because } };
}

/** Returns why the remote can't be used; undefined when the commit was fetched. */
async function fetchFromRemote(
  repository: string,
  commit: string,
  { address, branch, environment }: GitRemote,
): Promise<string | undefined> {
  try {
    await runGit(
      repository,
      [...CHECK_OBJECTS, 'fetch', '--quiet', '--no-tags', '--', address, `refs/heads/${branch}`],
      { environment, limit: TRANSFER_LIMIT },
    );
  } catch (error) {
    return `cannot fetch ${branch} from the remote (${reasonOf(error)})`;
  }
  const found = await tryGit(repository, ['merge-base', '--is-ancestor', commit, 'FETCH_HEAD']);
  if (found !== undefined) return undefined;
  const head = await runGit(repository, ['rev-parse', '--short=12', 'FETCH_HEAD']);
  return `${branch} of the remote was force-pushed: it is at ${head}, and the commit is not in its history`;
}

async function fetchFromBundle(
  repository: string,
  commit: string,
  bundle: () => Readable,
  directory: string,
): Promise<void> {
  const path = bundlePath(directory);
  await pipeline(bundle(), createWriteStream(path, { mode: 0o600 }));
  await runGit(repository, ['bundle', 'verify', path]);
  await runGit(repository, [...CHECK_OBJECTS, 'fetch', '--quiet', '--no-tags', path, 'HEAD'], {
    limit: TRANSFER_LIMIT,
  });
  await runGit(repository, ['cat-file', '-e', `${commit}^{commit}`]);
}
