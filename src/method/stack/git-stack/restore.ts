// The restore of a git stack: deploys the recorded commit, after everything that would stop the deployment half-way was looked for.
import type { ArtifactReader } from '../../../model/method.ts';
import { DrillError, finding } from '../../../support/errors.ts';
import { commandLine } from '../../../support/shell.ts';
import { step, typed } from '../../../support/trace.ts';
import type { Swarm } from '../../../swarm/swarm.ts';
import { sha256 } from '../../../support/sha256.ts';
import { createTemporaryDirectory } from '../git/git.ts';
import { fetchCommit } from '../git/remote.ts';
import { findChanges } from './changes.ts';
import { Checkout, type CheckoutOptions } from './checkout.ts';
import { readDeployedStack } from './deployed.ts';
import type { RedeployedStack, StackTarget } from './git-stack.ts';
import type { GitStackMetadata } from './metadata.ts';
import { createMissingSecrets, runPreflight, type MissingSecret } from './preflight.ts';
import { desiredByRecord, readStackRecord } from './record.ts';
import { StackFiles } from './stack-files.ts';

export async function restoreStack(
  artifact: ArtifactReader<GitStackMetadata>,
  { swarm, secrets, ...target }: StackTarget,
): Promise<RedeployedStack> {
  const { metadata } = artifact;
  const { stack } = metadata;
  const record = await readStackRecord(artifact, metadata);
  await using directory = await createTemporaryDirectory();
  const manager = await swarm.manager();
  const { repository, origin } = await step(
    'fetch the commit',
    () => fetchCommit(artifact, swarm, target, directory.path),
    typed(manager, `git clone <repository> stack && git -C stack checkout ${metadata.commit}`),
  );
  await using files = await step('unpack the commit', () =>
    StackFiles.unpack(manager, repository, metadata, directory.path),
  );
  await step('render the compose files', () => requireSameRendering(files, metadata));
  const missing = await step('check what the stack needs', () => runPreflight(record, swarm, stack, secrets));
  if (metadata.directory !== undefined) {
    const options = { tar: files.tar, prefix: metadata.prefix, directory: metadata.directory };
    await step('put the mounted files in place', () => putInPlace(swarm, options, metadata.binds));
  }
  await step(
    'create secrets',
    () => createMissingSecrets(manager.engine, missing),
    missing.length === 0
      ? {}
      : typed(manager, missing.map(({ spec }) => `docker secret create ${spec.Name} -`).join(' && ')),
  );
  await step(
    `deploy the stack ${stack}`,
    () => deployStack(files, missing, metadata.directory),
    typed(manager, commandLine(['docker', 'stack', 'deploy', ...composeFlags(metadata), stack])),
  );
  await step('compare the stack with the record', async () => {
    const found = findChanges(await readDeployedStack(swarm, stack), desiredByRecord(record), 'the record');
    if (found.length > 0)
      throw finding(`stack ${stack} differs from the record: ${files.redactValues(found.join('; '))}`, {
        code: 'other-specs',
        hint: 'The commit is the recorded one: compare the versions of the docker CLI, and check what the swarm ran before.',
      });
  });
  return {
    commit: metadata.commit,
    origin,
    services: Object.keys(record.services).sort(),
    secrets: missing.map(({ spec }) => spec.Name),
  };
}

const composeFlags = ({ compose }: GitStackMetadata): string[] =>
  compose.flatMap((file) => ['--compose-file', file]);

/** @throws DrillError `bind-sources`, before anything is changed, when other files are there or a mounted path is nowhere */
async function putInPlace(swarm: Swarm, options: CheckoutOptions, binds: readonly string[]): Promise<void> {
  await using checkout = await Checkout.unpack(swarm, options);
  const reasons = [...(await checkout.findOtherFiles()), ...(await checkout.findMissing(binds))];
  if (reasons.length > 0)
    throw finding(`cannot put the mounted files in place (nothing was created): ${reasons.join('; ')}`, {
      code: 'bind-sources',
      hint: 'Move other files away, and restore what is mounted and in no commit.',
    });
  await checkout.place();
}

async function deployStack(
  files: StackFiles,
  createdSecrets: readonly MissingSecret[],
  directory: string | undefined,
): Promise<void> {
  await files.deploy(directory === undefined ? {} : { directory }).catch((cause: unknown) => {
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
