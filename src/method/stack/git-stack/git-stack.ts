// Git stack: a stack's compose files in a git repository outside the swarm. The backup proves that what runs matches a commit and that
// the commit is pushed; the restore deploys that commit and no other.
import type { Limit, Method } from '../../../model/method.ts';
import type { Swarm } from '../../../swarm/swarm.ts';
import { defineMethod } from '../../define.ts';
import type { GitEnvironment } from '../git/git.ts';
import type { CommitOrigin } from '../git/recorded-commit.ts';
import { pushToVault, requirePushed, type RemoteKind, type RemoteOptions } from '../git/remote.ts';
import type { StackFilesInGit } from '../git/work-tree.ts';
import type { SealedSecrets } from '../sealed-secrets.ts';
import { backUpStack } from './backup.ts';
import { GitStackMetadata } from './metadata.ts';
import { restoreStack } from './restore.ts';

export interface GitStackOptions {
  /** Where the branch must be. Default: at a remote of the work tree. */
  readonly remote?: RemoteKind;
}

/** A stack, and the work tree that it was deployed from. */
export interface StackSource extends StackFilesInGit, RemoteOptions {
  readonly swarm: Swarm;
  readonly stack: string;
  /** Name of the branch at the remote. Default: the branch that is checked out. */
  readonly branch?: string;
}

/** The swarm to deploy a stack on. */
export interface StackTarget {
  readonly swarm: Swarm;
  /** Values of external secrets; read only when the swarm does not have one of them. */
  readonly secrets: SealedSecrets;
  /** Address to fetch from. Default: the address that the backup recorded. */
  readonly remoteAddress?: string;
  readonly environment?: GitEnvironment;
}

/** What was deployed. */
export interface RedeployedStack {
  readonly commit: string;
  /** Where the commit came from; for the bundle, also why the remote could not be used. */
  readonly origin: CommitOrigin;
  readonly services: readonly string[];
  /** Names of the secrets that were created from the sealed file. */
  readonly secrets: readonly string[];
}

const LIMITS: readonly Limit[] = [
  {
    sentence:
      'anything outside the compose files: node labels, and networks, configs and volumes created outside the stack',
    loses: ['node labels'],
  },
  { sentence: 'values of external secrets: they come from a sealed file that is kept separately' },
  {
    sentence:
      'what the engine assigns: published ports without a number, subnets and all ids; the cluster itself',
    loses: ['cluster identity'],
  },
  {
    sentence:
      'the image behind a tag: a tag that is not pinned by digest may name another image tomorrow; the metadata lists them',
  },
  {
    sentence:
      'that a job or a task that runs once has run: both are created again, and run again on the data that is there',
  },
  { sentence: 'submodules and files in LFS: a commit has only their names' },
  {
    sentence:
      'files in bind-mounted directories that the commit does not have; a relative mount gets those of the commit',
  },
];
const LIMITS_AT_VAULT: readonly Limit[] = [
  {
    sentence: "confidentiality: git does not encrypt, so the vault's disk holds the repository in plain text",
    loses: ['encrypted in the vault'],
  },
];

/**
 * Backs up a stack that is deployed from a git repository, and restores it by deploying the recorded commit.
 *
 * The backup fails unless the work tree is clean, the commit is at the remote, and the running stack matches it. With
 * `remote: 'vault'` it pushes the commit to the vault's git account, fast-forward only, instead of expecting it at a remote.
 */
export function gitStack({ remote = 'work tree' }: GitStackOptions = {}): Method<
  StackSource,
  StackTarget,
  RedeployedStack
> {
  const atVault = remote === 'vault';
  return defineMethod<StackSource, StackTarget, RedeployedStack, GitStackMetadata>({
    name: atVault ? 'git stack, remote vault' : 'git stack',
    limits: [...LIMITS, ...(atVault ? LIMITS_AT_VAULT : [])],
    metadata: GitStackMetadata,
    backup: (source, artifact) =>
      backUpStack(source, artifact, (head) =>
        atVault ? pushToVault(source.swarm, head, artifact) : requirePushed(source, head),
      ),

    restore: restoreStack,
  });
}
