// Each entry of the corpus of stacks is deployed as users deploy, backed up, rebuilt on another swarm, compared, and changed by hand.
import { createReadStream } from 'node:fs';
import { afterAll, afterEach, beforeAll, expect, inject, test } from 'vitest';
import { inventoryMatches } from '../../src/check/inventory.ts';
import { gitStack } from '../../src/method/stack/git-stack/git-stack.ts';
import { createAgeIdentity, sealSecrets } from '../../src/method/stack/sealed-secrets.ts';
import { serviceExport } from '../../src/method/stack/service-export/service-export.ts';
import type { InventoryKind } from '../../src/swarm/inventory.ts';
import { describeError } from '../../src/support/errors.ts';
import { runProgram } from '../../src/support/command.ts';
import { waitUntil } from '../../src/support/poll.ts';
import { Scope } from '../../src/support/scope.ts';
import { Site } from '../../src/swarm/site.ts';
import { Swarm } from '../../src/swarm/swarm.ts';
import { createGitRepository, type GitRepository } from './git-repository.ts';
import { openArtifactStore } from './artifact-store.ts';
import { corpusEntries, type CorpusEntry } from './corpus-entry.ts';
import { startRegistry } from './registry.ts';

const STACK = 'shop';
const KINDS: readonly InventoryKind[] = ['services', 'networks', 'configs', 'secrets', 'published ports'];

/** Removes the stack and everything that an entry creates next to it. */
const EMPTY = `docker service ls --quiet | xargs -r docker service rm
docker secret ls --quiet | xargs -r docker secret rm
docker config ls --quiet | xargs -r docker config rm
docker network ls --quiet --filter type=custom --filter scope=swarm --format '{{.Name}}' | grep -vx ingress | xargs -r docker network rm
docker volume ls --quiet | xargs -r docker volume rm
rm -rf /srv/*`;

/** Defines a test for each entry of one part of the corpus. */
export function testCorpus({ part, of }: { readonly part: number; readonly of: number }): void {
  const scope = new Scope();
  let old: Swarm;
  let fresh: Swarm;
  beforeAll(async () => {
    [old, fresh] = await Promise.all([
      startDrained(scope, `corpus-${part}-old`),
      startDrained(scope, `corpus-${part}-fresh`),
    ]);
    await startRegistry(old, await old.manager());
  });
  afterEach(async () => {
    const empty = (swarm: Swarm) =>
      waitUntil('an empty swarm', async () => ({ done: await onManager(swarm, EMPTY) }));
    await Promise.all([old, fresh].map(empty));
  });
  afterAll(() => scope[Symbol.asyncDispose]());
  test.for(corpusEntries().filter((_, index) => index % of === part))('$name', (entry) =>
    testEntry(entry, old, fresh),
  );
}

/** No task starts on a drained node: what a service asks for is compared, and nothing has to become healthy. */
async function startDrained(scope: Scope, drill: string): Promise<Swarm> {
  const site = await Site.open({ lab: inject('lab'), run: `corpus-${process.pid}`, drill, scope });
  const swarm = await Swarm.start(site, { managers: 1, workers: 0 });
  await onManager(swarm, 'docker node update --availability drain manager-1');
  return swarm;
}

const onManager = async (swarm: Swarm, script: string): Promise<string> =>
  (await swarm.manager()).exec(['sh', '-euc', script]);

async function testEntry(entry: CorpusEntry, old: Swarm, fresh: Swarm): Promise<void> {
  await using repository = await createGitRepository(entry.contents);
  if (entry.files) {
    await runProgram('sh', ['-euc', entry.files], { cwd: repository.directory });
    await repository.commit({});
  }
  if (entry.before) await onManager(old, entry.before);
  if (entry.target) await onManager(fresh, entry.target);
  await deployAsUsersDo(entry, repository, old);

  expect(await backupError(entry, repository, old), 'the deployed stack').toBe('no error');
  const baseline = await old.inventory();
  await rebuild(old, fresh);
  const restored = await inventoryMatches(fresh, baseline, { kinds: KINDS }).observe();
  expect(restored, 'the rebuilt stack').toMatchObject({ differences: [] });
  expect(restored).toMatchObject({ compared: expect.toSatisfy((compared: number) => compared > 1) });

  await onManager(old, entry.change);
  expect(await backupError(entry, repository, old), 'after the change').toMatch(new RegExp(entry.finds));
}

/** With the registry asked for digests, from a copy of the work tree on the manager. */
async function deployAsUsersDo(entry: CorpusEntry, repository: GitRepository, swarm: Swarm): Promise<void> {
  const tar = `${repository.directory}.tar`;
  await runProgram('tar', ['-c', '-f', tar, '-C', repository.directory, '--exclude=./.git', '.']);
  const manager = await swarm.manager();
  await manager.exec(['sh', '-euc', `mkdir -p /srv/${STACK}; tar -x -C /srv/${STACK}`], {
    input: createReadStream(tar),
  });
  const files = entry.compose.split('\n').map((file) => `-c ${file}`);
  await onManager(
    swarm,
    `cd /srv/${STACK}; if [ -f .env ]; then set -a; . ./.env; fi
    docker stack deploy --detach=true ${files.join(' ')} ${STACK}`,
  );
}

/** Returns the error of a backup; `no error` if it accepts the stack. */
async function backupError(entry: CorpusEntry, { directory }: GitRepository, swarm: Swarm): Promise<string> {
  await using store = await openArtifactStore();
  const source = {
    swarm,
    stack: STACK,
    directory,
    compose: entry.compose.split('\n'),
    ...('.env' in entry.contents ? { env: '.env' } : {}),
  };
  return await gitStack()
    .backup(source, store.writer)
    .then(() => 'no error', describeError);
}

/** Values of secrets can't be compared, so any will do. */
async function rebuild(old: Swarm, fresh: Swarm): Promise<void> {
  await using store = await openArtifactStore();
  const metadata = await serviceExport().backup(old, store.writer);
  const secrets = await (await old.manager()).engine.secrets.list();
  const values = new Map(secrets.map(({ Spec }) => [Spec.Name, Buffer.from('value')]));
  const { identity, recipient } = await createAgeIdentity();
  await serviceExport().restore(store.reader(metadata), {
    swarm: fresh,
    secrets: { sealed: () => sealSecrets(values, recipient), identity: async () => identity },
  });
}
