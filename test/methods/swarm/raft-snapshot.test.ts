// The raft snapshot before the copy of swarm state, on a swarm whose log is longer than one batch of raft: what it leaves unchanged, and
// what a restore gains by it.
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { swarmState } from '../../../src/method/swarm/swarm-state.ts';
import { monotonic } from '../../../src/support/clock.ts';
import { Scope } from '../../../src/support/scope.ts';
import { readSnapshotInterval } from '../../../src/swarm-backup/raft-snapshot.ts';
import { Site } from '../../../src/swarm/site.ts';
import { Swarm } from '../../../src/swarm/swarm.ts';
import { openArtifactStore } from '../../support/artifact-store.ts';

const INTERVAL = 9000;
const CONFIGS = 20;

const scope = new Scope();
afterAll(() => scope[Symbol.asyncDispose]());
let site: Site;
/** Of one backup each: seconds that a restore of it takes, and the swarm's settings and configs after it. */
let withSnapshot: Restored;
let without: Restored;

interface Restored {
  readonly seconds: number;
  readonly interval: number;
  readonly configs: number;
  readonly metadata: Readonly<Record<string, unknown>>;
}

beforeAll(async () => {
  site = await Site.open({ lab: inject('lab'), run: `test-${process.pid}`, drill: 'raft-snapshot', scope });
  const swarm = await Swarm.start(site, { managers: 3, workers: 0 });
  const { engine } = await swarm.leader();
  const { Spec, Version } = await engine.swarm.inspect();
  await engine.swarm.update(Version, { ...Spec, Raft: { ...Spec.Raft, SnapshotInterval: INTERVAL } });
  const Data = Buffer.alloc(20_000, 'x').toString('base64');
  for (let number = 0; number < CONFIGS; number++)
    await engine.configs.create({ Name: `config-${number}`, Data, Labels: {} });

  // In this order: once there is a snapshot, its effect is in every later copy.
  const copies = [];
  for (const method of [swarmState({ raftSnapshot: false }), swarmState()]) {
    const store = await openArtifactStore();
    scope.defer('remove the artifact', async () => store[Symbol.asyncDispose]());
    copies.push({ method, store, metadata: await method.backup(swarm, store.writer) });
  }
  expect(await readSnapshotInterval(engine)).toBe(INTERVAL);
  await Promise.all(swarm.nodes.map((node) => node.destroy()));

  const restored: Restored[] = [];
  for (const { method, store, metadata } of copies) {
    const began = monotonic();
    const back = await method.restore(store.reader(metadata), site);
    const seconds = monotonic() - began;
    const { engine: now } = await back.leader();
    const interval = await readSnapshotInterval(now);
    restored.push({ seconds, interval, configs: (await now.configs.list()).length, metadata });
    await Promise.all(back.nodes.map((node) => node.destroy()));
  }
  [without, withSnapshot] = restored as [Restored, Restored];
});

test('records the raft index that the copy holds', () => {
  expect(withSnapshot.metadata).toMatchObject({ raftIndex: expect.any(Number) });
  expect(withSnapshot.metadata['raftIndex']).toBeGreaterThan(CONFIGS);
  expect(without.metadata['raftIndex']).toBeUndefined();
});

test("restores everything, and the swarm's own snapshot interval", () => {
  for (const { interval, configs } of [without, withSnapshot])
    expect({ interval, configs }).toEqual({ interval: INTERVAL, configs: CONFIGS });
});

test('restores at least 6 s earlier: the new cluster does not wait for the election time-out', () => {
  expect(without.seconds - withSnapshot.seconds).toBeGreaterThan(6);
});
