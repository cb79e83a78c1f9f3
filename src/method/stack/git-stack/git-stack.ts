// Git stack: a stack's compose files in a repository outside of the swarm. The backup proves that what runs is what a commit says,
// and that the commit is safe; the restore deploys that commit and no other.
import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { differences } from '../../../support/differences.ts';
import { DrillError, finding } from '../../../support/errors.ts';
import { step } from '../../../support/trace.ts';
import type { Swarm } from '../../../swarm/swarm.ts';
import type { CommitOrigin } from '../git/recorded-commit.ts';
import { desiredServices, readDeployedStack, findChanges, listUnpinnedImages } from './deployed.ts';
import { runGit, createTemporaryDirectory, type GitEnvironment } from '../git/git.ts';
import { toComparableServices, readStackRecord, createStackRecord, sha256, hashServices } from './record.ts';
import { dryRunDeploy } from './dry-run.ts';
import {
  fetchCommit,
  pushToVault,
  requirePushed,
  type RecordedRemote,
  type RemoteOptions,
  type BranchHead,
} from '../git/remote.ts';
import { createMissingSecrets, findMissingSecrets, type Needs } from './missing-externals.ts';
import { StackFiles, type StackCommit } from './stack-files.ts';
import { createBundle, readWorkTree, type StackFilesInGit } from '../git/work-tree.ts';
import type { TextMetadata, ArtifactWriter, Method } from '../../../model/method.ts';
import type { SealedSecrets } from '../sealed-secrets.ts';

export interface StackSource extends StackFilesInGit, RemoteOptions {
  readonly swarm: Swarm;
  readonly stack: string;
  /** At the remote. Default: the one that the work tree is on. */
  readonly branch?: string;
}

export interface StackTarget {
  readonly swarm: Swarm;
  /** For secrets that are made outside of the stack; read only when one of them is missing. */
  readonly secrets: SealedSecrets;
  /** Where the remote is now. Default: where it was. */
  readonly remote?: string;
  readonly environment?: GitEnvironment;
}

export interface Redeployed {
  readonly commit: string;
  /** Where the commit came from; from the bundle, with the reason why not from the remote. */
  readonly origin: CommitOrigin;
  readonly services: readonly string[];
  /** Secrets that were made from the sealed file. */
  readonly secrets: readonly string[];
}

export const gitStack: Method<StackSource, StackTarget, Redeployed> = {
  name: 'git stack',
  cannotHold: [
    'what no compose file says: node labels, and networks, configs and volumes that are made outside of the stack',
    'values of secrets that are made outside of the stack: they come from a sealed file that is kept apart',
    'what the engine chooses: published ports without a number, subnets, every id; and the cluster itself',
    'the image behind a tag: one that is not pinned by digest may be another one tomorrow; the claim names each',
    'submodules and files in LFS',
  ],
  loses: ['cluster identity', 'node labels'],

  backup: (source, deposit) => backUp(source, deposit, (tip) => requirePushed(source, tip)),

  async restore(artifact, { swarm, secrets, remote, environment }) {
    const { metadata: claim } = artifact;
    const recipe = recipeOf(claim);
    const record = await readStackRecord(artifact);
    await using place = await createTemporaryDirectory();
    const { repository, origin } = await step('bring the commit', () =>
      fetchCommit(artifact, swarm, { remote, environment }, place.path),
    );
    const manager = await swarm.manager();
    await using files = await step('unpack the commit', () =>
      StackFiles.unpack(manager, repository, recipe, place.path),
    );
    await step('fill the compose files in', () => sameRendering(files, claim));
    const needs = await step('look at what the stack needs', () =>
      findMissingSecrets(record, swarm, secrets),
    );
    await step('secrets', () => createMissingSecrets(manager.docker, needs));
    await step(`deploy the stack ${recipe.stack}`, () => deploy(files, needs));
    await step('compare it with what was recorded', async () => {
      const { services: running } = await readDeployedStack(swarm, recipe.stack);
      const services = toComparableServices(running);
      if (hashServices(services) !== claim['specs'])
        throw finding(
          `the stack is not what was recorded: ${files.withoutValues(
            differences(record.services, services)
              .map((one) => one.slice(1))
              .join('; '),
          )}`,
          {
            code: 'other-specs',
            hint: 'the commit is the recorded one, so look at the version of the docker CLI, and at what was there before',
          },
        );
    });
    return {
      commit: recipe.commit,
      origin,
      services: Object.keys(record.services).sort(),
      secrets: needs.missing.map(({ spec }) => spec.Name),
    };
  },
};

/** The same, with the vault's own git account as the repository's home: the branch is pushed there. */
export const gitStackAtVault: Method<Omit<StackSource, 'remote'>, StackTarget, Redeployed> = {
  ...gitStack,
  name: 'git stack at the vault',
  cannotHold: [
    ...gitStack.cannotHold,
    'a secret: git does not encrypt, so whoever reads the disk of the vault reads the repository',
  ],
  loses: [...gitStack.loses, 'encrypted in the vault'],
  backup: (source, deposit) => backUp(source, deposit, (tip) => pushToVault(source.swarm, tip, deposit)),
};

async function backUp(
  source: StackSource,
  { put }: ArtifactWriter,
  home: (tip: BranchHead) => Promise<RecordedRemote>,
): Promise<TextMetadata> {
  const { swarm, stack } = source;
  const state = await step('look at the work tree', () => readWorkTree(source));
  const branch = source.branch ?? state.branch;
  if (branch === undefined)
    throw finding('the work tree is on no branch, so nothing says which one of the remote to look at', {
      code: 'no-branch',
      hint: 'name the branch',
    });
  const { commit, top, prefix, tree } = state;
  const recipe: StackCommit = { ...source, commit, prefix };
  await using place = await createTemporaryDirectory();
  const where = await step('see that the commit is safe', () => home({ top, branch, commit }));
  await using files = await step('unpack the commit', async () =>
    StackFiles.unpack(await swarm.manager(), top, recipe, place.path),
  );
  const rendered = await step('fill the compose files in', () => files.render());
  const rehearsed = await step('rehearse the deployment', () => dryRunDeploy(files));
  const deployed = await readDeployedStack(swarm, stack);
  const found = findChanges(deployed, rehearsed);
  if (found.length > 0)
    throw finding(
      `what runs is not what ${commit.slice(0, 12)} makes: ${files.withoutValues(found.join('; '))}`,
      {
        code: 'not-from-commit',
        hint: 'deploy the commit, or commit what was changed by hand; then back up again',
      },
    );
  const record = createStackRecord(deployed, rehearsed);
  await put('stack.json', Readable.from([JSON.stringify(record, null, 2)]));
  const list = await runGit(top, ['ls-tree', '-r', '--full-tree', commit]);
  await put('files.txt', Readable.from([`${list}\n`]));
  const bundle = await step('bundle the history', () => createBundle(state, place.path));
  await put('repository.bundle', createReadStream(bundle));
  return {
    stack,
    commit,
    tree,
    files: String(list.split('\n').length),
    branch,
    ...where,
    prefix,
    compose: JSON.stringify(source.compose),
    env: source.env ?? '',
    rendered: sha256(rendered),
    docker: await files.version(),
    specs: hashServices(record.services),
    unpinned: listUnpinnedImages(desiredServices(rehearsed, deployed), deployed).join(', '),
    secretsInRepository: rehearsed.secrets.map(({ Name }) => Name).join(', '),
  };
}

async function deploy(files: StackFiles, { missing }: Needs): Promise<void> {
  await files.deploy().catch((cause: unknown) => {
    if (!(cause instanceof DrillError) || cause.code !== 'stack-refused') throw cause;
    const secrets = missing.map(({ spec }) => `Made secret ${spec.Name}\n`).join('');
    throw finding(cause.message, {
      code: cause.code,
      output: `${secrets}${cause.output ?? ''}`,
      hint: 'what it made until then is in its output; docker stack rm takes that away, but for the secrets',
      cause,
    });
  });
}

function recipeOf({ stack, commit, prefix = '', compose = '', env }: TextMetadata): StackCommit {
  if (!stack || !/^[0-9a-f]{40,64}$/.test(commit ?? '') || !compose)
    throw finding('the claim of the artifact names no stack and commit', { code: 'record-damaged' });
  return {
    stack,
    commit: commit ?? '',
    prefix,
    compose: JSON.parse(compose) as string[],
    ...(env ? { env } : {}),
  };
}

/** Another CLI may write the same stack in other words; the same one may not. */
async function sameRendering(files: StackFiles, claim: TextMetadata): Promise<void> {
  const rendered = sha256(await files.render());
  const version = await files.version();
  if (rendered !== claim['rendered'] && version === claim['docker'])
    throw finding('the compose files, filled in, are not what was recorded', {
      code: 'other-rendering',
      hint: 'the commit is the recorded one: look for a variable in the environment of the manager',
    });
}
