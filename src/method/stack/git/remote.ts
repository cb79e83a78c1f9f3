// Where the repository is at home: a remote of the work tree, or the git account that the vault has for it.
import type { Readable } from 'node:stream';
import type { Swarm } from '../../../swarm/swarm.ts';
import type { ArtifactWriter, ArtifactReader } from '../../../model/method.ts';
import { fetchOrUnbundle, type CommitOrigin } from './recorded-commit.ts';
import { runGit, TRANSFER_LIMIT, type GitEnvironment } from './git.ts';
import { explainPushFailure } from './vault-errors.ts';
import { openVaultRemote } from './vault-remote.ts';
import { remoteAddress, requireBranchAt } from './work-tree.ts';

export interface RemoteOptions {
  /** A remote of the work tree. Default `origin`. */
  readonly remote?: string;
  /** For git, e.g. GIT_SSH_COMMAND. Nothing secret. */
  readonly environment?: GitEnvironment;
}

/** What must be safe, and where. */
export interface BranchHead {
  /** The top directory of the work tree. */
  readonly top: string;
  /** At the remote. */
  readonly branch: string;
  readonly commit: string;
}

/** What finds the repository again; the claim has it. */
export type RecordedRemote = { readonly home: 'remote' | 'vault'; readonly remote: string };

/**
 * Sees that the remote's branch is at the commit.
 * @throws DrillError `no-remote`, `unpushed`, `moved`
 */
export async function requirePushed(
  { remote = 'origin', environment = {} }: RemoteOptions,
  { top, branch, commit }: BranchHead,
): Promise<RecordedRemote> {
  await requireBranchAt(top, remote, branch, commit, environment);
  return { home: 'remote', remote: await remoteAddress(top, remote) };
}

/**
 * Pushes the commit to the account that the vault has for it, forward only.
 * @throws DrillError `history-rewritten`, `vault-full`, `vault-refused`, `vault-unreachable`, `repository-locked`, `interrupted`,
 * `push-failed`, with the words of git and ssh
 */
export async function pushToVault(
  swarm: Swarm,
  { top, branch, commit }: BranchHead,
  { account }: ArtifactWriter,
): Promise<RecordedRemote> {
  await using vault = await openVaultRemote(await account('git'), swarm);
  const { address, environment } = vault;
  await explainPushFailure(`${branch} was not pushed to the vault`, async () => {
    await runGit(top, ['push', '--quiet', address, `${commit}:refs/heads/${branch}`], {
      environment,
      limit: TRANSFER_LIMIT,
    });
    await requireBranchAt(top, address, branch, commit, environment);
  });
  return { home: 'vault', remote: address };
}

/** @throws DrillError `commit-gone` */
export async function fetchCommit(
  artifact: ArtifactReader,
  swarm: Swarm,
  elsewhere: {
    readonly remote: string | undefined;
    readonly environment: GitEnvironment | undefined;
  },
  place: string,
): Promise<{ readonly repository: string; readonly origin: CommitOrigin }> {
  const { commit = '', branch = '', remote = '', home } = artifact.metadata;
  const bundle = (): Readable => artifact.open('repository.bundle');
  if (home !== 'vault' || elsewhere.remote !== undefined) {
    const address = elsewhere.remote ?? remote;
    return fetchOrUnbundle(
      commit,
      { address, branch, environment: elsewhere.environment ?? {} },
      bundle,
      place,
    );
  }
  await using vault = await openVaultRemote(await artifact.account('git'), swarm);
  return await fetchOrUnbundle(commit, { ...vault, branch }, bundle, place);
}
