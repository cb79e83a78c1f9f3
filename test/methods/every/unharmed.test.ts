// Backups that fail half-way, because of the vault or of Ctrl-C: what they stopped or created is as before, the first cause is reported,
// and the next backup is complete.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { volumeCompanion } from '../../../src/method/volume/volume-companion.ts';
import { dockerCp } from '../../../src/method/volume/docker-cp.ts';
import { swarmState } from '../../../src/method/swarm/swarm-state.ts';
import { Vault } from '../../../src/vault/vault.ts';
import { installSnapshotPlugin, SNAPSHOT_DRIVER } from '../../../fixtures/volume-plugin/install.ts';
import type { VolumeMethod } from '../../../src/method/container/volume.ts';
import { volumePlugin } from '../../../src/method/volume/volume-plugin.ts';
import { volumeArchive } from '../../../src/method/volume/volume-archive.ts';
import { waitUntil } from '../../../src/support/poll.ts';
import { Scope } from '../../../src/support/scope.ts';
import {
  CAPACITY,
  pauseTransfer,
  runIntoTrouble,
  resumeTransfer,
  MEBIBYTES,
  TROUBLES,
} from '../../support/trouble.ts';
import {
  findingOf,
  inVolume,
  openTestSite,
  seed,
  startUser,
  stateOf,
  type TestSite,
  type UserOptions,
} from '../../support/volumes.ts';

interface Subject {
  readonly name: string;
  readonly service: string;
  readonly keep: () => Promise<unknown>;
  /** How many containers of the service run while the data is transferred; not checked for a stopped swarm. */
  readonly runningDuring?: number;
}

/** For each method that needs them, a volume and a service that uses it, both of this name. */
const SERVICES: Readonly<Record<string, UserOptions>> = {
  cp: {},
  labelled: { labels: { 'docker-volume-backup.stop-during-backup': 'true' } },
  snapshots: { driver: SNAPSHOT_DRIVER },
};

const ofVolume = (service: string, method: VolumeMethod, runningDuring: number): Subject => ({
  service,
  name: method.name,
  runningDuring,
  keep: () => vault.keep(method, on(service)),
});

const SUBJECTS: readonly Subject[] = [
  ofVolume('cp', dockerCp({ whileStopped: true }), 0),
  ofVolume('labelled', volumeCompanion(), 2),
  ofVolume('snapshots', volumePlugin({ whileStopped: true }), 2),
  { service: 'cp', name: swarmState().name, keep: () => vault.keep(swarmState(), site.swarm) },
];

/** Seconds within which each failure must be reported: ssh gives a connection up after 15, and a service may take as long to start. */
const IN_TIME = 90;

const scope = new Scope();
let site: TestSite;
let vault: Vault;
const on = (name: string) => site.volume(name);

beforeAll(async () => {
  site = await openTestSite('unharmed');
  vault = await Vault.open(site.swarm.site, scope, () => undefined, { capacity: CAPACITY });
  const { node } = on('');
  await installSnapshotPlugin(node);
  await node.engine.volumes.create({ Name: 'snapshots', Driver: SNAPSHOT_DRIVER });
  // Enough data to be interrupted half-way.
  await node.exec(['sh', '-c', `head -c ${MEBIBYTES}M /dev/urandom >/var/lib/docker/swarm/ballast`]);
  for (const [name, options] of Object.entries(SERVICES)) {
    await seed(on(name), { files: 1, largeMiB: MEBIBYTES });
    await startUser(on(name), name, options);
  }
});
afterAll(async () => {
  await scope[Symbol.asyncDispose]();
  await site[Symbol.asyncDispose]();
});
beforeEach(() => vault.host.exec(['sh', '-c', 'rm -rf /vault/stream/*']));

describe.for(SUBJECTS)('$name', ({ keep, service, runningDuring }) => {
  test.for(TROUBLES)('$name half-way', async (trouble) => {
    const before = await everything();
    const began = Date.now();
    const error = await runIntoTrouble(trouble, vault, keep, async () => {
      if (runningDuring !== undefined) await runs(service, runningDuring);
    });
    expect(error).toMatchObject(matching(trouble.expected));
    expect((Date.now() - began) / 1000).toBeLessThan(IN_TIME);
    expect(await everything()).toEqual(before);

    await keep();
    expect(await everything()).toEqual(before);
  });
});

test('reports the name of a file that shrinks while tar reads it, and stores nothing', async () => {
  await seed(on('shrinking'), { files: 1, largeMiB: MEBIBYTES });
  const torn = findingOf(vault.keep(volumeArchive(), on('shrinking')));
  await pauseTransfer(vault);
  await inVolume(on('shrinking'), ['truncate', '--size=1M', '/data/large']);
  await resumeTransfer(vault);
  expect(await torn).toMatchObject({
    code: 'tar-failed',
    output: expect.stringMatching(/large: File shrank by/),
  });
  expect(await vault.host.exec(['find', '/vault/stream', '-type', 'f'])).toBe('');
});

/** Returns what a backup must leave unchanged. */
async function everything(): Promise<object> {
  const { engine } = on('').node;
  const services = Object.keys(SERVICES).map((name) => stateOf(site.swarm, name));
  const members = (await site.swarm.members()).map(({ Status, ManagerStatus }) => [
    Status.State,
    ManagerStatus?.Reachability,
  ]);
  return {
    services: await Promise.all(services),
    members,
    volumes: (await engine.volumes.list()).map(({ Name }) => Name).sort(),
    helpers: await helpers(),
  };
}

/** Waits, since the containers may start a moment after the replicas were restored. */
const runs = (service: string, expected: number): Promise<true> =>
  waitUntil(`${expected} containers of ${service}`, async () => {
    const { running } = await stateOf(site.swarm, service);
    return running === expected ? { done: true } : { notYet: `${running} run` };
  });

/** Returns the containers outside of any service, once the engine has removed those that remove themselves. */
const helpers = (): Promise<string[]> =>
  waitUntil('the helper containers to be gone', async () => {
    const all = await on('').node.engine.containers.list({ all: true });
    const left = all.filter(({ Labels }) => !Labels['com.docker.swarm.service.id']);
    return left.length === 0
      ? { done: [] }
      : { notYet: left.map(({ Image, Id }) => `${Image} ${Id}`).join('; ') };
  });

const matching = (expected: object): object =>
  Object.fromEntries(
    Object.entries(expected).map(([key, value]) => [
      key,
      value instanceof RegExp ? expect.stringMatching(value) : (value as unknown),
    ]),
  );
