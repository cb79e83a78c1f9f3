// Where the branch of a stack must be: at a remote of the work tree, or at the git account that the vault keeps for it.
import type { Readable } from 'node:stream';
import { z } from 'zod';
import type { ArtifactReader, ArtifactWriter } from '../../../model/method.ts';
import type { Swarm } from '../../../swarm/swarm.ts';
import { runGit, TRANSFER_LIMIT, type GitEnvironment } from './git.ts';
import { fetchOrUnbundle, type CommitOrigin } from './recorded-commit.ts';
import { explainPushFailure } from './vault-errors.ts';
import { openVaultRemote } from './vault-remote.ts';
import { findRemoteAddress, requireBranchAt, type BranchHead } from './work-tree.ts';

const REMOTE_KINDS = ['work tree', 'vault'] as const;
export type RemoteKind = (typeof REMOTE_KINDS)[number];

export interface RemoteOptions {
  /** Name of a remote of the work tree. Default `origin`. Not used with the vault. */
  readonly remoteName?: string;
  /** For git, e.g. GIT_SSH_COMMAND. Nothing secret. */
  readonly environment?: GitEnvironment;
}

/** Where a restore finds the branch; without a password. */
export const RecordedRemote = z.object({ kind: z.enum(REMOTE_KINDS), address: z.string() });
export type RecordedRemote = z.infer<typeof RecordedRemote>;

/** @throws DrillError `no-remote`, `unpushed` or `moved` unless the branch of the remote is at the commit */
export async function requirePushed(
  { remoteName = 'origin', environment = {} }: RemoteOptions,
  head: BranchHead,
): Promise<RecordedRemote> {
  await requireBranchAt(remoteName, head, environment);
  return { kind: 'work tree', address: await findRemoteAddress(head.top, remoteName) };
}

/**
 * Pushes the commit to the vault's git account, fast-forward only.
 * @throws DrillError `history-rewritten`, `vault-full`, `vault-refused`, `vault-unreachable`, `repository-locked`, `interrupted`,
 * `push-failed`, with the output of git and ssh
 */
export async function pushToVault(
  swarm: Swarm,
  head: BranchHead,
  { account }: ArtifactWriter,
): Promise<RecordedRemote> {
  const { top, branch, commit } = head;
  await using vault = await openVaultRemote(await account('git'), swarm);
  const { address, environment } = vault;
  await explainPushFailure(`cannot push ${branch} to the vault`, async () => {
    await runGit(top, ['push', '--quiet', address, `${commit}:refs/heads/${branch}`], {
      environment,
      limit: TRANSFER_LIMIT,
    });
    await requireBranchAt(address, head, environment);
  });
  return { kind: 'vault', address };
}

/**
 * Fetches the recorded commit into a bare repository in `directory`; from `remoteAddress` where it is given.
 * @throws DrillError `commit-gone`
 */
export async function fetchCommit(
  artifact: ArtifactReader<{
    readonly commit: string;
    readonly branch: string;
    readonly remote: RecordedRemote;
  }>,
  swarm: Swarm,
  {
    remoteAddress,
    environment = {},
  }: { readonly remoteAddress?: string; readonly environment?: GitEnvironment },
  directory: string,
): Promise<{ readonly repository: string; readonly origin: CommitOrigin }> {
  const { commit, branch, remote } = artifact.metadata;
  const bundle = (): Readable => artifact.open('repository.bundle');
  if (remote.kind !== 'vault' || remoteAddress !== undefined) {
    const address = remoteAddress ?? remote.address;
    return fetchOrUnbundle(commit, { address, branch, environment }, bundle, directory);
  }
  await using vault = await openVaultRemote(await artifact.account('git'), swarm);
  return await fetchOrUnbundle(commit, { ...vault, branch }, bundle, directory);
}
