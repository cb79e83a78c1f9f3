// What a backup stops, or makes for itself, when the vault fails half-way or a person stops it: everything is as it was, the first cause
// is told, and the next backup is whole.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { volumeCompanion } from '../../src/method/volume/volume-companion.ts';
import { dockerCp } from '../../src/method/volume/docker-cp.ts';
import { swarmState } from '../../src/method/swarm/swarm-state.ts';
import { Vault } from '../../src/vault/vault.ts';
import { installSnapshotPlugin, SNAPSHOT_DRIVER } from '../../fixtures/volume-plugin/install.ts';
import type { VolumeMethod } from '../../src/method/container/volume.ts';
import { volumePlugin } from '../../src/method/volume/volume-plugin.ts';
import { volumeArchive } from '../../src/method/volume/volume-archive.ts';
import { waitUntil } from '../../src/support/poll.ts';
import { Scope } from '../../src/support/scope.ts';
import { CAPACITY, hold, inTrouble, letGo, MEBIBYTES, TROUBLES } from '../support/trouble.ts';
import {
  findingOf,
  inVolume,
  openTestSite,
  seed,
  startUser,
  stateOf,
  type TestSite,
  type UserOptions,
} from '../support/volumes.ts';

interface Subject {
  readonly name: string;
  readonly service: string;
  readonly keep: () => Promise<unknown>;
  /** How many containers of the service run while the data is transferred; not checked for a stopped swarm. */
  readonly runningDuring?: number;
}

/** A volume and a service on it for each method that needs one, of the same name. */
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
  { service: 'cp', name: swarmState.name, keep: () => vault.keep(swarmState, place.swarm) },
];

/** Seconds within which each must have been told: the connection is given up after 15, and a service may take as long as that. */
const IN_TIME = 90;

const scope = new Scope();
let place: TestSite;
let vault: Vault;
const on = (name: string) => place.volume(name);

beforeAll(async () => {
  place = await openTestSite('unharmed');
  vault = await Vault.open(place.swarm.site, scope, () => undefined, { capacity: CAPACITY });
  const { node } = on('');
  await installSnapshotPlugin(node);
  await node.engine.volumes.create({ Name: 'snapshots', Driver: SNAPSHOT_DRIVER });
  // So that there is something to be in the middle of.
  await node.exec(['sh', '-c', `head -c ${MEBIBYTES}M /dev/urandom >/var/lib/docker/swarm/ballast`]);
  for (const [name, options] of Object.entries(SERVICES)) {
    await seed(on(name), { files: 1, largeMiB: MEBIBYTES });
    await startUser(on(name), name, options);
  }
});
afterAll(async () => {
  await scope[Symbol.asyncDispose]();
  await place[Symbol.asyncDispose]();
});
beforeEach(() => vault.host.exec(['sh', '-c', 'rm -rf /vault/stream/*']));

describe.for(SUBJECTS)('$name', ({ keep, service, runningDuring }) => {
  test.for(TROUBLES)('$name half-way', async (trouble) => {
    const before = await everything();
    const began = Date.now();
    const error = await inTrouble(trouble, vault, keep, async () => {
      if (runningDuring !== undefined) await runs(service, runningDuring);
    });
    expect(error).toMatchObject(matching(trouble.told));
    expect((Date.now() - began) / 1000).toBeLessThan(IN_TIME);
    expect(await everything()).toEqual(before);

    await keep();
    expect(await everything()).toEqual(before);
  });
});

test('a file that shrinks while tar reads it: no artifact, and its name is told', async () => {
  await seed(on('shrinking'), { files: 1, largeMiB: MEBIBYTES });
  const torn = findingOf(vault.keep(volumeArchive(), on('shrinking')));
  await hold(vault);
  await inVolume(on('shrinking'), ['truncate', '--size=1M', '/data/large']);
  await letGo(vault);
  expect(await torn).toMatchObject({
    code: 'tar-failed',
    output: expect.stringMatching(/large: File shrank by/),
  });
  expect(await vault.host.exec(['find', '/vault/stream', '-type', 'f'])).toBe('');
});

/** What a backup must leave as it found it. */
async function everything(): Promise<object> {
  const { engine } = on('').node;
  const services = Object.keys(SERVICES).map((name) => stateOf(place.swarm, name));
  const members = (await place.swarm.members()).map(({ Status, ManagerStatus }) => [
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

/** What gives replicas back need not wait until they run. */
const runs = (service: string, expected: number): Promise<true> =>
  waitUntil(`${expected} containers of ${service}`, async () => {
    const { running } = await stateOf(place.swarm, service);
    return running === expected ? { done: true } : { notYet: `${running} run` };
  });

/** Containers that run for no service. One that is removed by the engine when it ends gets the time that takes. */
const helpers = (): Promise<string[]> =>
  waitUntil('the helper containers to be gone', async () => {
    const all = await on('').node.engine.containers.list({ all: true });
    const left = all.filter(({ Labels }) => !Labels['com.docker.swarm.service.id']);
    return left.length === 0
      ? { done: [] }
      : { notYet: left.map(({ Image, Id }) => `${Image} ${Id}`).join('; ') };
  });

const matching = (told: object): object =>
  Object.fromEntries(
    Object.entries(told).map(([key, value]) => [
      key,
      value instanceof RegExp ? expect.stringMatching(value) : (value as unknown),
    ]),
  );
