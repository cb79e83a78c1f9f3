// The backup of a git stack: proves that what runs is a pushed commit, and records what that is.
import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import type { ArtifactWriter } from '../../../model/method.ts';
import { finding } from '../../../support/errors.ts';
import { step } from '../../../support/trace.ts';
import type { Swarm } from '../../../swarm/swarm.ts';
import { sha256 } from '../../../support/sha256.ts';
import { createTemporaryDirectory, runGit } from '../git/git.ts';
import type { RecordedRemote } from '../git/remote.ts';
import { createBundle, readWorkTree, type BranchHead } from '../git/work-tree.ts';
import { findOtherVolumes, readVolumes } from '../volumes.ts';
import { findDeployedDirectory, relativeBindsOf, withDirectory } from './bind-sources.ts';
import { Checkout } from './checkout.ts';
import { findChanges } from './changes.ts';
import {
  listUnpinnedImages,
  readDeployedStack,
  toDesiredStack,
  type DeployedStack,
  type DesiredStack,
} from './deployed.ts';
import { dryRunDeploy, type DryRun } from './dry-run.ts';
import type { StackSource } from './git-stack.ts';
import type { GitStackMetadata } from './metadata.ts';
import { createStackRecord, hashServices, sizeOf } from './record.ts';
import { StackFiles, type StackCommit } from './stack-files.ts';

/** @param storeBranch makes sure that the commit is at its remote */
export async function backUpStack(
  source: StackSource,
  { put }: Pick<ArtifactWriter, 'put'>,
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
  const { desired, mounted } = resolveBinds(dryRun, deployed, files);
  const changes = [
    ...findChanges(deployed, desired, 'the compose files'),
    ...findOtherVolumes([...desired.services.values()], await readVolumes(swarm)),
    ...(await findOtherMountedFiles(swarm, files.tar, prefix, mounted)),
  ];
  if (changes.length > 0)
    throw finding(`stack ${stack} differs from commit ${commit.slice(0, 12)}: ${describe(changes, files)}`, {
      code: 'not-from-commit',
      hint: 'Deploy the commit, or commit the manual changes; then back up again.',
    });
  const record = createStackRecord(deployed, desired, dryRun);
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
    size: sizeOf(record),
    ...mounted,
    unpinned: listUnpinnedImages(desired.services, deployed),
    secretsInRepository: desired.secrets.map(({ Name }) => Name),
  };
}

/** Shows neither values of the env file nor the directory in which the commit was unpacked. */
const describe = (changes: readonly string[], files: StackFiles): string =>
  files.redactValues(changes.join('; ')).replaceAll(`${files.place.tree}/`, './');

interface MountedPaths {
  /** Directory on the nodes that the compose files were in. */
  readonly directory?: string;
  /** What services mount, relative to it. */
  readonly binds: string[];
}

/** What services mount from the work tree is a part of the stack, as a config is. */
async function findOtherMountedFiles(
  swarm: Swarm,
  tar: string,
  prefix: string,
  { directory, binds }: MountedPaths,
): Promise<string[]> {
  if (directory === undefined) return [];
  await using checkout = await Checkout.unpack(swarm, { tar, prefix, directory });
  return (await Promise.all(binds.map((path) => checkout.findOtherFiles(path)))).flat();
}

/** Returns the desired stack as it would be if it had been deployed from the directory that the running one was deployed from. */
function resolveBinds(
  dryRun: DryRun,
  deployed: DeployedStack,
  { place }: StackFiles,
): { readonly desired: DesiredStack; readonly mounted: MountedPaths } {
  const desired = toDesiredStack(dryRun, deployed);
  const binds = relativeBindsOf(desired.services.values(), place);
  const directory = findDeployedDirectory(deployed.services, desired.services, place);
  if (directory === undefined) return { desired, mounted: { binds: [] } };
  return {
    desired: { ...desired, services: withDirectory(desired.services, place, directory) },
    mounted: { binds, directory },
  };
}
