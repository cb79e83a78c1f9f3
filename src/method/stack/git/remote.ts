// Where the repository is at home: a remote of the work tree, or the git account that the vault has for it.
import type { Readable } from 'node:stream';
import type { Swarm } from '../../../swarm/swarm.ts';
import type { ArtifactWriter, ArtifactReader } from '../../../model/method.ts';
import { bring, type Origin } from './checkout.ts';
import { git, TRANSFER, type GitEnvironment } from './git.ts';
import { saidByVault } from './vault-errors.ts';
import { vaultRemote } from './vault-remote.ts';
import { addressOf, sameAtRemote } from './work-tree.ts';

export interface RemoteChoice {
  /** A remote of the work tree. Default `origin`. */
  readonly remote?: string;
  /** For git, e.g. GIT_SSH_COMMAND. Nothing secret. */
  readonly environment?: GitEnvironment;
}

/** What must be safe, and where. */
export interface Tip {
  /** The top directory of the work tree. */
  readonly top: string;
  /** At the remote. */
  readonly branch: string;
  readonly commit: string;
}

/** What finds the repository again; the claim has it. */
export type Home = { readonly home: 'remote' | 'vault'; readonly remote: string };

/**
 * Sees that the remote's branch is at the commit.
 * @throws DrillError `no-remote`, `unpushed`, `moved`
 */
export async function safeAtRemote(
  { remote = 'origin', environment = {} }: RemoteChoice,
  { top, branch, commit }: Tip,
): Promise<Home> {
  await sameAtRemote(top, remote, branch, commit, environment);
  return { home: 'remote', remote: await addressOf(top, remote) };
}

/**
 * Pushes the commit to the account that the vault has for it, forward only.
 * @throws DrillError `history-rewritten`, `vault-full`, `vault-refused`, `vault-unreachable`, `repository-locked`, `interrupted`,
 * `push-failed`, with the words of git and ssh
 */
export async function pushedToVault(
  swarm: Swarm,
  { top, branch, commit }: Tip,
  { account }: ArtifactWriter,
): Promise<Home> {
  await using vault = await vaultRemote(await account('git'), swarm);
  const { address, environment } = vault;
  await saidByVault(`${branch} was not pushed to the vault`, async () => {
    await git(top, ['push', '--quiet', address, `${commit}:refs/heads/${branch}`], {
      environment,
      limit: TRANSFER,
    });
    await sameAtRemote(top, address, branch, commit, environment);
  });
  return { home: 'vault', remote: address };
}

/** @throws DrillError `commit-gone` */
export async function broughtBack(
  artifact: ArtifactReader,
  swarm: Swarm,
  elsewhere: {
    readonly remote: string | undefined;
    readonly environment: GitEnvironment | undefined;
  },
  place: string,
): Promise<{ readonly repository: string; readonly origin: Origin }> {
  const { commit = '', branch = '', remote = '', home } = artifact.metadata;
  const bundle = (): Readable => artifact.open('repository.bundle');
  if (home !== 'vault' || elsewhere.remote !== undefined) {
    const address = elsewhere.remote ?? remote;
    return bring(commit, { address, branch, environment: elsewhere.environment ?? {} }, bundle, place);
  }
  await using vault = await vaultRemote(await artifact.account('git'), swarm);
  return await bring(commit, { ...vault, branch }, bundle, place);
}
