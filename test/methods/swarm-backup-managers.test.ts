// Autolock, quorum and other managers: the right restore strategy is used, or the refusal says why there is none.
import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { waitUntil } from '../../src/support/poll.ts';
import type { Node } from '../../src/swarm/node.ts';
import {
  autolock,
  digestOf,
  leftIn,
  openStage,
  type Outcome,
  seedService,
  seenInside,
  servicesOf,
  type Stage,
  startOf,
} from '../support/swarm-backup-stage.ts';

const failsWith = (code: string): object => ({ exitCode: 1, json: { error: { code } } });

describe('a single autolocked manager', () => {
  let stage: Stage;
  let node: Node;
  let value: string;
  let key: string;
  let made: Outcome;
  const withKey = (name: string): string[] => ['--unlock-key-file', stage.path(name)];

  beforeAll(async () => {
    stage = await openStage('swarm-autolock');
    node = stage.swarm.node('manager-1');
    value = await seedService(stage.swarm, node);
    key = await autolock(node);
    await writeFile(stage.path('unlock'), `${key}\n`);
    await writeFile(stage.path('wrong'), `SWMKEY-1-${'A'.repeat(43)}\n`);
    made = await stage.backup(node.volume, 'one.age', ...withKey('unlock'));
  });
  afterAll(() => stage[Symbol.asyncDispose]());

  test('is backed up with its unlock key, and serves again', async () => {
    expect(made.exitCode, made.stderr).toBe(0);
    expect(made.json).toMatchObject({
      cluster: { autolock: true },
      warnings: [expect.stringContaining('unlock key')],
    });
    expect(await seenInside(node)).toEqual([value, 'config of keeper']);
  });

  test('is not stopped for a backup without its unlock key', async () => {
    const began = await startOf(node);
    expect(await stage.backup(node.volume, 'two.age')).toMatchObject(failsWith('no-unlock-key'));
    const wrong = await stage.backup(node.volume, 'two.age', ...withKey('wrong'));
    expect(wrong).toMatchObject(failsWith('wrong-unlock-key'));
    expect(await startOf(node)).toBe(began);
    for (const text of [made.stderr, JSON.stringify(made.json), wrong.stderr]) {
      expect(text).not.toContain(key);
      expect(text).not.toContain('A'.repeat(43));
    }
  });

  test('is not touched by a restore without the key', async () => {
    const before = [await startOf(node), await digestOf(node)];
    const wrong = await stage.restore(node.volume, 'one.age', '--yes', ...withKey('wrong'));
    expect(wrong).toMatchObject(failsWith('wrong-unlock-key'));
    const keyless = await stage.restore(node.volume, 'one.age', '--yes');
    expect(keyless).toMatchObject(failsWith('no-unlock-key'));
    expect([await startOf(node), await digestOf(node)]).toEqual(before);
  });

  test('is restored with the key from the time of the backup, without a forced initialisation', async () => {
    await node.exec(['docker', 'swarm', 'unlock-key', '--rotate', '--quiet']);
    await node.exec(['docker', 'service', 'rm', 'keeper']);
    const { exitCode, json, stderr } = await stage.restore(
      node.volume,
      'one.age',
      '--yes',
      ...withKey('unlock'),
    );
    expect(exitCode, stderr).toBe(0);
    expect(json).toMatchObject({ strategy: 'unlock key' });
    expect(await servicesOf(node)).toEqual(['keeper']);
    expect(await seenInside(node)).toEqual([value, 'config of keeper']);
    expect((await node.exec(['docker', 'swarm', 'unlock-key', '--quiet'])).trim()).toBe(key);
  });

  test('is restored onto a new node', async () => {
    await node.destroy();
    node = await stage.site.startNode({ name: 'manager-1', role: 'manager' });
    const { exitCode, stderr } = await stage.restore(node.volume, 'one.age', ...withKey('unlock'));
    expect(exitCode, stderr).toBe(0);
    expect(await seenInside(node)).toEqual([value, 'config of keeper']);
  });
});

test('three managers: backs up only with a quorum, and restores only without the others', async () => {
  await using stage = await openStage('swarm-managers', 3);
  const { swarm } = stage;
  const node = swarm.node('manager-2');
  const value = await seedService(swarm, node);
  const made = await stage.backup(node.volume, 'three.age');
  expect(made.exitCode, made.stderr).toBe(0);
  expect(made.json).toMatchObject({
    cluster: { managers: 3 },
    objects: { nodes: 3, services: 1 },
    warnings: [],
  });

  const refused = await stage.restore(node.volume, 'three.age', '--yes');
  expect(refused).toMatchObject({
    exitCode: 1,
    json: { error: { code: 'others-alive', reason: expect.stringMatching(/manager-1.*manager-3/) } },
  });

  await swarm.node('manager-3').stop();
  await waitUntil('the others to miss it', async () => {
    const status = await node.exec(['docker', 'node', 'ls', '--format', '{{.Hostname}} {{.ManagerStatus}}']);
    return status.includes('manager-3 Unreachable') ? { done: true } : { notYet: status };
  });
  const began = await startOf(node);
  const short = await stage.backup(node.volume, 'short.age');
  expect(short).toMatchObject({
    exitCode: 1,
    json: { error: { code: 'quorum', hint: expect.stringContaining('manager-3') } },
  });
  expect(await startOf(node)).toBe(began);

  await swarm.node('manager-1').destroy();
  const restored = await stage.restore(node.volume, 'three.age', '--yes');
  expect(restored.exitCode, restored.stderr).toBe(0);
  expect(restored.json).toMatchObject({
    strategy: 'forced initialisation',
    warnings: [
      expect.stringMatching(/did not answer: (?=.*manager-1 at)(?=.*manager-3 at)/),
      expect.stringMatching(/raft still lists (?=.*manager-1)(?=.*manager-3)/),
    ],
  });
  expect(await node.exec(['docker', 'info', '--format', '{{.Swarm.Managers}}'])).toBe('1\n');
  // The lost members block nothing: the service moves to the node that there is.
  expect(await seenInside(node)).toEqual([value, 'config of keeper']);
});

test('refuses a restore next to running managers that the engine does not know: locked, on a new disk', async () => {
  await using stage = await openStage('swarm-unknown', 3);
  const node = stage.swarm.node('manager-2');
  const value = await seedService(stage.swarm, node);
  expect(await stage.backup(node.volume, 'open.age')).toMatchObject({ exitCode: 0 });
  await autolock(node);
  const refusal = {
    exitCode: 1,
    json: {
      error: {
        code: 'others-alive',
        blame: 'finding',
        reason: expect.stringMatching(/run \((?=.*manager-1 at)(?=.*manager-3 at)/),
        hint: expect.stringContaining('Stop the engines of the other managers'),
      },
    },
  };
  const locked = await (await node.stop()).start();
  expect(await locked.exec(['docker', 'info', '--format', '{{.Swarm.LocalNodeState}}'])).toBe('locked\n');
  const before = [await startOf(locked), await digestOf(locked), await leftIn(locked)];
  expect(await stage.restore(locked.volume, 'open.age', '--yes')).toMatchObject(refusal);
  expect([await startOf(locked), await digestOf(locked), await leftIn(locked)]).toEqual(before);

  await locked.destroy();
  const fresh = await stage.site.startNode({ name: 'manager-2', role: 'manager' });
  expect(await stage.restore(fresh.volume, 'open.age')).toMatchObject(refusal);

  for (const other of ['manager-1', 'manager-3']) await stage.swarm.node(other).stop();
  await fresh.stop();
  const restored = await stage.restore(fresh.volume, 'open.age');
  expect(restored.exitCode, restored.stderr).toBe(0);
  // A stopped container can't probe another manager, and the warning says so of each.
  expect(restored.json).toMatchObject({
    warnings: expect.arrayContaining([
      expect.stringMatching(
        /manager-1 at [^,]+is not running.*manager-3 at [^,]+is not running|manager-3 at [^,]+is not running.*manager-1 at [^,]+is not running/,
      ),
    ]),
  });
  // The restore has started it.
  expect(await seenInside(fresh)).toEqual([value, 'config of keeper']);
});

test('several autolocked managers: the backup warns, and the restore says that there is no documented way', async () => {
  await using stage = await openStage('swarm-locked', 3);
  const node = stage.swarm.node('manager-2');
  const key = await autolock(node);
  await writeFile(stage.path('unlock'), key);
  const withKey = ['--unlock-key-file', stage.path('unlock')];
  const made = await stage.backup(node.volume, 'locked.age', ...withKey);
  expect(made.exitCode, made.stderr).toBe(0);
  expect(made.json).toMatchObject({ warnings: [expect.stringContaining('no documented way')] });
  const empty = await stage.site.startNode({ name: 'manager-4', role: 'manager' });
  const refused = await stage.restore(empty.volume, 'locked.age', ...withKey);
  expect(refused).toMatchObject({
    exitCode: 1,
    json: { error: { code: 'autolocked-managers', reason: expect.stringContaining('no documented way') } },
  });
});

test('refuses to back up one of two managers', async () => {
  await using stage = await openStage('swarm-two', 2);
  const node = stage.swarm.node('manager-2');
  const { exitCode, json } = await stage.backup(node.volume, 'two.age');
  expect({ exitCode, json }).toMatchObject({
    exitCode: 1,
    json: { error: { code: 'quorum', hint: expect.stringContaining('third manager') } },
  });
});
