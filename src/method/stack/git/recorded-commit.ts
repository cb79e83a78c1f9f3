// The recorded commit and no other: from the remote, and from the bundle where the remote has it no more.
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { DrillError, finding, reasonOf } from '../../../support/errors.ts';
import { runGit, tryGit, TRANSFER_LIMIT, type GitEnvironment } from './git.ts';
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

/** Every object is compared with its hash on the way in. */
const CHECKED = ['-c', 'fetch.fsckObjects=true'];

/**
 * Brings the commit into a bare repository in `place`.
 * @throws DrillError `commit-gone`, with what was wrong with the remote and with the bundle
 */
export async function fetchOrUnbundle(
  commit: string,
  remote: GitRemote,
  bundle: () => Readable,
  place: string,
): Promise<{ readonly repository: string; readonly origin: CommitOrigin }> {
  const repository = join(place, 'repository.git');
  await runGit(place, ['init', '--quiet', '--bare', repository]);
  const because = await fromRemote(repository, commit, remote);
  if (because === undefined) return { repository, origin: { from: 'remote' } };
  await fromBundle(repository, commit, bundle, place).catch((cause: unknown) => {
    throw finding(
      `the commit ${commit.slice(0, 12)} can't be had any more: ${because}; and of the bundle in the vault: ${reasonOf(cause)}`,
      {
        code: 'commit-gone',
        hint: 'look for another clone that has it; another commit is another stack',
        ...(cause instanceof DrillError && cause.output !== undefined && { output: cause.output }),
        cause,
      },
    );
  });
  return { repository, origin: { from: 'bundle', because } };
}

/** @returns why the remote is of no use; undefined when the commit came from it */
async function fromRemote(
  repository: string,
  commit: string,
  { address, branch, environment }: GitRemote,
): Promise<string | undefined> {
  try {
    await runGit(
      repository,
      [...CHECKED, 'fetch', '--quiet', '--no-tags', '--', address, `refs/heads/${branch}`],
      { environment, limit: TRANSFER_LIMIT },
    );
  } catch (error) {
    return `${branch} can't be fetched from the remote (${reasonOf(error)})`;
  }
  const there = await tryGit(repository, ['merge-base', '--is-ancestor', commit, 'FETCH_HEAD']);
  if (there !== undefined) return undefined;
  const tip = await runGit(repository, ['rev-parse', '--short=12', 'FETCH_HEAD']);
  return `${branch} of the remote was moved by force: it is at ${tip} and doesn't have the commit in its history`;
}

async function fromBundle(
  repository: string,
  commit: string,
  bundle: () => Readable,
  place: string,
): Promise<void> {
  const path = bundlePath(place);
  await pipeline(bundle(), createWriteStream(path, { mode: 0o600 }));
  await runGit(repository, ['bundle', 'verify', path]);
  await runGit(repository, [...CHECKED, 'fetch', '--quiet', '--no-tags', path, 'HEAD'], {
    limit: TRANSFER_LIMIT,
  });
  await runGit(repository, ['cat-file', '-e', `${commit}^{commit}`]);
}
