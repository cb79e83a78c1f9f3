// Git stack: a stack's compose files in a git repository outside the swarm. The backup proves that what runs matches a commit and that
// the commit is pushed; the restore deploys that commit and no other.
import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { z } from 'zod';
import type { ArtifactWriter, Limit, Method } from '../../../model/method.ts';
import { listDifferences } from '../../../swarm/differences.ts';
import { DrillError, finding } from '../../../support/errors.ts';
import { step } from '../../../support/trace.ts';
import type { Swarm } from '../../../swarm/swarm.ts';
import { defineMethod } from '../../define.ts';
import { createTemporaryDirectory, runGit, type GitEnvironment } from '../git/git.ts';
import type { CommitOrigin } from '../git/recorded-commit.ts';
import {
  fetchCommit,
  pushToVault,
  RecordedRemote,
  requirePushed,
  type RemoteKind,
  type RemoteOptions,
} from '../git/remote.ts';
import { createBundle, readWorkTree, type BranchHead, type StackFilesInGit } from '../git/work-tree.ts';
import type { SealedSecrets } from '../sealed-secrets.ts';
import { desiredServices, findChanges, listUnpinnedImages, readDeployedStack } from './deployed.ts';
import { dryRunDeploy } from './dry-run.ts';
import { createMissingSecrets, findMissingSecrets, type MissingSecret } from './missing-externals.ts';
import { createStackRecord, hashServices, readStackRecord, sha256, toComparableServices } from './record.ts';
import { StackCommit, StackFiles } from './stack-files.ts';

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

const GitStackMetadata = StackCommit.extend({
  /** Git's hash over every file, with its name and mode. */
  tree: z.string(),
  /** Number of files in the commit. */
  files: z.int(),
  branch: z.string().min(1),
  remote: RecordedRemote,
  /** SHA-256 of the compose files with all values filled in. */
  rendered: z.string(),
  /** Version of the docker CLI that filled them in. */
  docker: z.string(),
  /** SHA-256 of what all services ask for. */
  services: z.string(),
  /** Images that the compose files do not pin by digest; with the digest that ran, where the engine knew one. */
  unpinned: z.array(
    z.object({ service: z.string(), image: z.string().optional(), digest: z.string().optional() }),
  ),
  /** Secrets whose value is a file of the repository, readable by anyone who can read it. */
  secretsInRepository: z.array(z.string()),
});
type GitStackMetadata = z.infer<typeof GitStackMetadata>;

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
  { sentence: 'submodules and files in LFS: a commit has only their names' },
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

    async restore(artifact, { swarm, secrets, ...target }) {
      const { metadata } = artifact;
      const record = await readStackRecord(artifact, metadata.services);
      await using directory = await createTemporaryDirectory();
      const { repository, origin } = await step('fetch the commit', () =>
        fetchCommit(artifact, swarm, target, directory.path),
      );
      const manager = await swarm.manager();
      await using files = await step('unpack the commit', () =>
        StackFiles.unpack(manager, repository, metadata, directory.path),
      );
      await step('render the compose files', () => requireSameRendering(files, metadata));
      const missing = await step('check external networks, configs and secrets', () =>
        findMissingSecrets(record, swarm, secrets),
      );
      await step('create secrets', () => createMissingSecrets(manager.engine, missing));
      await step(`deploy the stack ${metadata.stack}`, () => deployStack(files, missing));
      await step('compare the stack with the record', async () => {
        const { services } = await readDeployedStack(swarm, metadata.stack);
        const found = listDifferences(record.services, toComparableServices(services));
        if (found.length > 0)
          throw finding(
            `stack ${metadata.stack} differs from the record: ${files.redactValues(found.map((one) => one.slice(1)).join('; '))}`,
            {
              code: 'other-specs',
              hint: 'The commit is the recorded one: compare the versions of the docker CLI, and check what the swarm ran before.',
            },
          );
      });
      return {
        commit: metadata.commit,
        origin,
        services: Object.keys(record.services).sort(),
        secrets: missing.map(({ spec }) => spec.Name),
      };
    },
  });
}

async function backUpStack(
  source: StackSource,
  { put }: ArtifactWriter,
  storeBranch: (head: BranchHead) => Promise<RecordedRemote>,
): Promise<GitStackMetadata> {
  const { swarm, stack, compose, env } = source;
  const workTree = await step('check the work tree', () => readWorkTree(source));
  const { commit, top, prefix, tree } = workTree;
  const branch = source.branch ?? workTree.branch;
  if (branch === undefined)
    throw finding('the work tree is on no branch (detached HEAD)', {
      code: 'no-branch',
      hint: 'Name the branch of the remote with `branch`.',
    });
  const stackCommit: StackCommit = { stack, commit, prefix, compose: [...compose], env };
  await using directory = await createTemporaryDirectory();
  const remote = await step('check that the commit is pushed', () => storeBranch({ top, branch, commit }));
  await using files = await step('unpack the commit', async () =>
    StackFiles.unpack(await swarm.manager(), top, stackCommit, directory.path),
  );
  const rendered = await step('render the compose files', () => files.render());
  const dryRun = await step('dry-run the deployment', () => dryRunDeploy(files));
  const deployed = await readDeployedStack(swarm, stack);
  const changes = findChanges(deployed, dryRun);
  if (changes.length > 0)
    throw finding(
      `stack ${stack} differs from commit ${commit.slice(0, 12)}: ${files.redactValues(changes.join('; '))}`,
      {
        code: 'not-from-commit',
        hint: 'Deploy the commit, or commit the manual changes; then back up again.',
      },
    );
  const record = createStackRecord(deployed, dryRun);
  await put('stack.json', Readable.from([JSON.stringify(record, null, 2)]));
  const list = await runGit(top, ['ls-tree', '-r', '--full-tree', commit]);
  await put('files.txt', Readable.from([`${list}\n`]));
  const bundle = await step('bundle the history', () => createBundle(workTree, directory.path));
  await put('repository.bundle', createReadStream(bundle));
  return {
    ...stackCommit,
    tree,
    files: list.split('\n').length,
    branch,
    remote,
    rendered: sha256(rendered),
    docker: await files.dockerVersion(),
    services: hashServices(record.services),
    unpinned: listUnpinnedImages(desiredServices(dryRun, deployed), deployed),
    secretsInRepository: dryRun.secrets.map(({ Name }) => Name),
  };
}

async function deployStack(files: StackFiles, createdSecrets: readonly MissingSecret[]): Promise<void> {
  await files.deploy().catch((cause: unknown) => {
    if (!(cause instanceof DrillError) || cause.code !== 'stack-refused') throw cause;
    const secrets = createdSecrets.map(({ spec }) => `Created secret ${spec.Name}\n`).join('');
    throw finding(cause.message, {
      code: cause.code,
      output: `${secrets}${cause.output ?? ''}`,
      hint: 'The output lists what was created. Remove it with docker stack rm; remove the secrets with docker secret rm.',
      cause,
    });
  });
}

/** Another version of the docker CLI may render the same stack differently; the same version may not. */
async function requireSameRendering(files: StackFiles, recorded: GitStackMetadata): Promise<void> {
  const rendered = sha256(await files.render());
  if (rendered !== recorded.rendered && (await files.dockerVersion()) === recorded.docker)
    throw finding('the rendered compose files differ from the record', {
      code: 'other-rendering',
      hint: "The commit is the recorded one: look for a variable in the manager's environment.",
    });
}
