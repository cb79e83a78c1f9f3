// Swarm state as a method: which manager is stopped, when none may be, what is restored, and copies that no cluster can be made of.
import { json } from 'node:stream/consumers';
import { createReadStream } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import { connect } from '../../../src/lab/engine/connect.ts';
import { swarmState } from '../../../src/method/swarm/swarm-state.ts';
import type { ArtifactMetadata } from '../../../src/model/method.ts';
import { monotonic } from '../../../src/support/clock.ts';
import { waitUntil } from '../../../src/support/poll.ts';
import { Scope } from '../../../src/support/scope.ts';
import { Site } from '../../../src/swarm/site.ts';
import { Swarm } from '../../../src/swarm/swarm.ts';
import { type ArtifactStore, openArtifactStore } from '../../support/artifact-store.ts';
import { autolock, forge, seedService, seenInside } from '../../support/swarm-backup-stage.ts';
import { findingOf, startUser, stateOf } from '../../support/volumes.ts';

const FILE = 'swarm.age';
const lab = inject('lab');
const cold = swarmState();
const hot = swarmState({ hot: true });

interface Place extends AsyncDisposable {
  readonly site: Site;
  readonly kept: ArtifactStore;
}

async function openPlace(drill: string): Promise<Place> {
  const scope = new Scope();
  const site = await Site.open({ lab, run: `test-${process.pid}`, drill, scope });
  const kept = await openArtifactStore();
  return {
    site,
    kept,
    async [Symbol.asyncDispose]() {
      await kept[Symbol.asyncDispose]();
      await scope[Symbol.asyncDispose]();
    },
  };
}

const web = (swarm: Swarm) => startUser({ swarm, node: swarm.node('manager-1'), name: 'files' }, 'web');

/** Stops a manager, and waits until the others have noticed. */
async function stopManager(swarm: Swarm, name: string): Promise<void> {
  await swarm.node(name).stop();
  await waitUntil(`the others to miss ${name}`, async () => {
    const member = (await swarm.members()).find(({ Description }) => Description.Hostname === name);
    const is = member?.ManagerStatus?.Reachability;
    return is === 'unreachable' ? { done: true } : { notYet: `it is ${is}` };
  });
}

async function followersOf(swarm: Swarm): Promise<string[]> {
  const leader = await swarm.leader();
  return swarm.managers.map(({ name }) => name).filter((name) => name !== leader.name);
}

test('copies a reachable follower, which is a manager with its tasks again', async () => {
  await using place = await openPlace('swarm-state-five');
  const { site, kept } = place;
  const swarm = await Swarm.start(site, { managers: 5, workers: 0 });
  await web(swarm);
  const [first = '', ...others] = await followersOf(swarm);
  await stopManager(swarm, first);
  await swarm.converged();

  const { node } = await cold.backup(swarm, kept.writer);
  expect(others).toContain(node);
  const member = (await swarm.members()).find(({ Description }) => Description.Hostname === node);
  expect(member).toMatchObject({ Status: { State: 'ready' }, ManagerStatus: { Reachability: 'reachable' } });
  expect(await swarm.listConverged()).toEqual(['web']);
});

describe('two of three managers', () => {
  let place: Place;
  let swarm: Swarm;
  let stopped: string;

  beforeAll(async () => {
    place = await openPlace('swarm-state-two');
    swarm = await Swarm.start(place.site, { managers: 3, workers: 0 });
    [stopped = ''] = await followersOf(swarm);
    await stopManager(swarm, stopped);
  });
  afterAll(() => place[Symbol.asyncDispose]());

  test('refuses to stop a manager when the quorum would be lost', async () => {
    const startedAt = () => swarm.managers.map((node) => node.startedAt);
    const before = startedAt();
    expect(await findingOf(cold.backup(swarm, place.kept.writer))).toMatchObject({
      code: 'quorum',
      message: 'stopping this manager would leave 1 of 3 managers, and a quorum needs 2',
      hint: expect.stringContaining(stopped),
    });
    expect(startedAt()).toEqual(before);
  });

  test('makes a hot copy, which stops nothing', async () => {
    const { name: leader } = await swarm.leader();
    const { node } = await hot.backup(swarm, place.kept.writer);
    expect([stopped, leader]).not.toContain(node);
  });
});

test('restores a hot copy of an idle swarm', async () => {
  await using place = await openPlace('swarm-state-hot');
  const { site, kept } = place;
  const swarm = await Swarm.start(site, { managers: 1, workers: 0 });
  const value = await seedService(swarm, swarm.node('manager-1'));
  const metadata = await hot.backup(swarm, kept.writer);
  expect(metadata).toMatchObject({ changed: expect.any(Boolean) });
  await swarm.node('manager-1').destroy();

  const restored = await hot.restore(kept.reader(metadata), site);
  expect(await seenInside(restored.node('manager-1'))).toEqual([value, 'config of keeper']);
});

test('takes no raft snapshot of a single manager, which would then have no leader for 10 s', async () => {
  await using place = await openPlace('swarm-state-single');
  const swarm = await Swarm.start(place.site, { managers: 1, workers: 0 });
  const metadata = await cold.backup(swarm, place.kept.writer);
  expect(metadata['raftIndex']).toBeUndefined();
  await swarm.node('manager-1').destroy();
  const began = monotonic();
  await cold.restore(place.kept.reader(metadata), place.site);
  expect(monotonic() - began).toBeLessThan(12);
});

test('restores an autolocked manager with its unlock key', async () => {
  await using place = await openPlace('swarm-state-locked');
  const { site, kept } = place;
  const swarm = await Swarm.start(site, { managers: 1, workers: 0 });
  const value = await seedService(swarm, swarm.node('manager-1'));
  const key = await autolock(swarm.node('manager-1'));
  const metadata = await cold.backup(swarm, kept.writer);
  // The backup stopped the engine, and unlocked it again.
  expect(await seenInside(swarm.node('manager-1'))).toEqual([value, 'config of keeper']);
  expect(JSON.stringify(metadata)).not.toContain(key);
  await swarm.node('manager-1').destroy();

  const restored = await cold.restore(kept.reader(metadata), site);
  const node = restored.node('manager-1');
  expect(await seenInside(node)).toEqual([value, 'config of keeper']);
  expect((await node.exec(['docker', 'swarm', 'unlock-key', '--quiet'])).trim()).toBe(key);
});

test('keeps a root CA that was rotated, and lets new nodes join', async () => {
  await using place = await openPlace('swarm-state-rotated');
  const { site, kept } = place;
  const swarm = await Swarm.start(site, { managers: 1, workers: 0 });
  const rootOf = (of: Swarm): Promise<string> => of.node('manager-1').exec(['docker', 'swarm', 'ca']);
  const first = await rootOf(swarm);
  await swarm.node('manager-1').exec(['docker', 'swarm', 'ca', '--rotate', '--quiet']);
  const root = await rootOf(swarm);
  expect(root).not.toBe(first);
  const metadata = await cold.backup(swarm, kept.writer);
  await swarm.node('manager-1').destroy();

  const restored = await cold.restore(kept.reader(metadata), site);
  expect(await rootOf(restored)).toBe(root);
  await restored.join({ workers: 1 });
  expect(await rootOf(restored)).toBe(root);
});

describe('a single manager is lost', () => {
  let place: Place;
  let metadata: ArtifactMetadata;
  let identity: string;
  let before: unknown;

  beforeAll(async () => {
    place = await openPlace('swarm-state-lost');
    const swarm = await Swarm.start(place.site, { managers: 1, workers: 0 });
    await web(swarm);
    before = await stateOf(swarm, 'web');
    metadata = await cold.backup(swarm, place.kept.writer);
    expect(await stateOf(swarm, 'web')).toEqual(before);
    ({ identity } = (await json(createReadStream(place.kept.path('keys.json')))) as { identity: string });
    await forge({ path, identity }, FILE, 'good', {});
    await swarm.node('manager-1').destroy();
  });
  afterAll(() => place[Symbol.asyncDispose]());

  const path = (file: string): string => place.kept.path(file);
  const restore = (of: ArtifactMetadata) => cold.restore(place.kept.reader(of), place.site);

  /** Changes the file, lets the restore fail, and restores the unchanged file. */
  async function failedRestore(change: Change) {
    await forge({ path, identity }, 'good', FILE, { content: change });
    const error = await findingOf(restore(metadata));
    await removeNodes();
    await forge({ path, identity }, 'good', FILE, {});
    const restored = await restore(metadata);
    await restored.converged();
    expect(await stateOf(restored, 'web')).toMatchObject({ running: 2 });
    return error;
  }

  /** Removes what a restore left, which has the address of the next one. */
  async function removeNodes(): Promise<void> {
    const engine = connect(lab.host);
    for (const id of await place.site.nodeContainers()) await engine.containers.remove(id);
  }
  afterEach(removeNodes);

  test.for<{ harm: string; change: Change }>([
    { harm: 'raft log with a flipped bit', change: log((bytes, end) => flipped(bytes, end >> 1)) },
    { harm: 'raft log without its beginning', change: log((bytes, end) => bytes.fill(0, 0, end >> 1)) },
    { harm: 'raft log without any bytes', change: log((bytes) => bytes.subarray(0, 0)) },
    { harm: 'node key that is not a key', change: key(() => Buffer.from('not a key')) },
  ])('reports what the engine says of a $harm, and leaves nothing behind', async ({ change }) => {
    const { code, message, cause } = await failedRestore(change);
    expect(code, message).toBe('state-refused');
    expect(String(cause)).not.toBe('');
  });

  test.for<{ part: string; change: Change }>([
    { part: 'raft log', change: (name, bytes) => (LOG.test(name) ? undefined : bytes) },
    { part: 'node key', change: key(() => undefined) },
  ])('refuses a copy without a $part', async ({ change }) => {
    await forge({ path, identity }, 'good', FILE, { content: change });
    const { code, message } = await findingOf(restore(metadata));
    expect(code, message).toBe('incomplete');
    await forge({ path, identity }, 'good', FILE, {});
  });

  test('names what the backup recorded and the restored swarm does not have', async () => {
    await forge({ path, identity }, 'good', FILE, {
      manifest: (manifest) => ({
        ...manifest,
        raftIndex: 1_000_000,
        objects: {
          ...manifest.objects,
          nodes: [...manifest.objects.nodes, { id: 'n1', name: 'worker-9' }],
          secrets: [...manifest.objects.secrets, { id: 's1', name: 'token' }],
          configs: [...manifest.objects.configs, { id: 'c1', name: 'settings' }],
          networks: [...manifest.objects.networks, { id: 'w1', name: 'backbone' }],
        },
      }),
    });
    const { code, message } = await findingOf(restore(metadata));
    await forge({ path, identity }, 'good', FILE, {});
    expect(code, message).toBe('not-the-same');
    for (const expected of [
      'nodes: worker-9 (n1) is missing',
      'secrets: token (s1) is missing',
      'configs: settings (c1) is missing',
      'networks: backbone (w1) is missing',
      /expected every raft entry up to 1000000, and it has come to entry \d+/,
    ])
      expect(message).toMatch(expected);
  });

  test('names both clusters when the backup is of another one', async () => {
    expect(await findingOf(restore({ ...metadata, cluster: 'another' }))).toMatchObject({
      code: 'other-cluster',
      message: expect.stringContaining(
        `expected the cluster another, the restored node is in ${String(metadata['cluster'])}`,
      ),
    });
  });

  test('refuses a backup of another address before it creates a node', async () => {
    expect(await findingOf(restore({ ...metadata, address: '192.0.2.1' }))).toMatchObject({
      code: 'moved-address',
    });
    expect(await place.site.nodeContainers()).toEqual([]);
  });
});

/** @returns undefined for a file that is to be left out */
type Change = (name: string, bytes: Buffer) => Buffer | undefined;

const LOG = /wal-v3-encrypted\/.*\.wal$/;

/** A change of raft's log, given where its records end: the file is as long as it may get. */
function log(change: (bytes: Buffer, end: number) => Buffer): Change {
  return (name, bytes) => {
    if (!LOG.test(name)) return bytes;
    const end = bytes.findLastIndex((byte) => byte !== 0);
    // The engine creates the next log in advance, and it is empty.
    return end < 0 ? bytes : change(bytes, end);
  };
}

function key(change: () => Buffer | undefined): Change {
  return (name, bytes) => (name.endsWith('swarm-node.key') ? change() : bytes);
}

function flipped(bytes: Buffer, at: number): Buffer {
  bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
  return bytes;
}
