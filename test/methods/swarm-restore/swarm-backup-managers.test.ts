// Autolock, quorum and other managers: the right restore strategy is used, or the refusal says why there is none.
import { mkdir, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { runProgram } from '../../../src/support/command.ts';
import { waitUntil } from '../../../src/support/poll.ts';
import type { Node } from '../../../src/swarm/node/node.ts';
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
} from '../../support/swarm-backup-stage.ts';

const failsWith = (code: string): object => ({ exitCode: 1, json: { error: { code } } });

/** The refusal of an engine that does not know the other managers, which were probed. */
const OTHERS_RUN = {
  exitCode: 1,
  json: {
    error: {
      code: 'others-alive',
      blame: 'finding',
      reason: expect.stringMatching(/run \((?=.*manager-1 at)(?=.*manager-3 at)/) as string,
      hint: expect.stringContaining('Stop the engines of the other managers') as string,
    },
  },
};

/** What the node's engine says of its swarm: `active`, `locked` … */
const stateOf = async (node: Node): Promise<string> =>
  (await node.exec(['docker', 'info', '--format', '{{.Swarm.LocalNodeState}}'])).trim();

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

  test('is unlocked again after a backup that fails', async () => {
    const full = stage.path('full');
    await mkdir(full);
    await runProgram('mount', ['-t', 'tmpfs', '-o', 'size=12k', 'none', full]);
    onTestFinished(async () => {
      await runProgram('umount', [full]);
    });
    const began = await startOf(node);
    const failed = await stage.backup(node.volume, 'full/one.age', ...withKey('unlock'));
    expect(failed).toMatchObject({
      exitCode: 2,
      json: { error: { code: 'file-system', reason: expect.stringContaining('ENOSPC') } },
    });
    // The engine was stopped, and a locked swarm starts no task.
    expect(await startOf(node)).not.toBe(began);
    expect(await stateOf(node)).toBe('active');
    expect(await seenInside(node)).toEqual([value, 'config of keeper']);
  });

  test('is restored onto a new node', async () => {
    await node.destroy();
    node = await stage.site.startNode({ name: 'manager-1', role: 'manager' });
    const { exitCode, stderr } = await stage.restore(node.volume, 'one.age', ...withKey('unlock'));
    expect(exitCode, stderr).toBe(0);
    expect(await seenInside(node)).toEqual([value, 'config of keeper']);
  });
});

describe('one of three managers', () => {
  let stage: Stage;
  let made: Outcome;
  const manager = (): Node => stage.swarm.node('manager-2');

  beforeAll(async () => {
    stage = await openStage('swarm-managers', 3);
    await seedService(stage.swarm, manager());
    made = await stage.backup(manager().volume, 'three.age');
  });
  afterAll(() => stage[Symbol.asyncDispose]());

  test('is backed up without a warning', () => {
    expect(made.exitCode, made.stderr).toBe(0);
    expect(made.json).toMatchObject({
      cluster: { managers: 3 },
      objects: { nodes: 3, services: 1 },
      warnings: [],
    });
  });

  test('is not restored while the others run', async () => {
    const refused = await stage.restore(manager().volume, 'three.age', '--yes');
    expect(refused).toMatchObject({
      exitCode: 1,
      json: { error: { code: 'others-alive', reason: expect.stringMatching(/manager-1.*manager-3/) } },
    });
  });

  test('is not stopped for a backup when the quorum would be lost', async () => {
    const stopped = await stage.swarm.node('manager-3').stop();
    onTestFinished(async () => {
      stage.swarm.replace(await stopped.start());
      await stage.swarm.ready();
    });
    await waitUntil('the others to miss it', async () => {
      const list = ['docker', 'node', 'ls', '--format', '{{.Hostname}} {{.ManagerStatus}}'];
      const status = await manager().exec(list);
      return status.includes('manager-3 Unreachable') ? { done: true } : { notYet: status };
    });
    const began = await startOf(manager());
    const short = await stage.backup(manager().volume, 'short.age');
    expect(short).toMatchObject({
      exitCode: 1,
      json: { error: { code: 'quorum', hint: expect.stringContaining('manager-3') } },
    });
    expect(await startOf(manager())).toBe(began);
  });

  test('is not restored while it is locked and the others run', async () => {
    const key = await autolock(manager());
    const stopped = await manager().stop();
    const locked = await stopped.start();
    stage.swarm.replace(locked);
    onTestFinished(async () => {
      await locked.engine.swarm.unlock(key);
      const update = ['docker', 'swarm', 'update', '--autolock=false'];
      await waitUntil('autolock to be turned off', async () => ({ done: await locked.exec(update) }));
      await stage.swarm.ready();
    });
    expect(await stateOf(locked)).toBe('locked');
    const before = [await startOf(locked), await digestOf(locked), await leftIn(locked)];
    expect(await stage.restore(locked.volume, 'three.age', '--yes')).toMatchObject(OTHERS_RUN);
    expect([await startOf(locked), await digestOf(locked), await leftIn(locked)]).toEqual(before);
  });
});

test('restores a manager whose others are lost, and names them in its warnings', async () => {
  await using stage = await openStage('swarm-survivor', 3);
  const { swarm } = stage;
  const node = swarm.node('manager-2');
  const value = await seedService(swarm, node);
  expect(await stage.backup(node.volume, 'three.age')).toMatchObject({ exitCode: 0 });
  await swarm.node('manager-3').stop();
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

describe('one of three managers, on a new disk', () => {
  let stage: Stage;
  let value: string;

  beforeAll(async () => {
    stage = await openStage('swarm-unknown', 3);
    const node = stage.swarm.node('manager-2');
    value = await seedService(stage.swarm, node);
    expect(await stage.backup(node.volume, 'open.age')).toMatchObject({ exitCode: 0 });
  });
  afterAll(() => stage[Symbol.asyncDispose]());

  /** Replaces the manager by a node with an empty disk, which knows no other manager. */
  async function startFresh(): Promise<Node> {
    await stage.swarm.node('manager-2').destroy();
    const fresh = await stage.site.startNode({ name: 'manager-2', role: 'manager' });
    stage.swarm.replace(fresh);
    return fresh;
  }

  test('is not restored while the others run', async () => {
    const fresh = await startFresh();
    expect(await stage.restore(fresh.volume, 'open.age')).toMatchObject(OTHERS_RUN);
  });

  test('is restored from a stopped container while the others are stopped, with a warning', async () => {
    for (const other of ['manager-1', 'manager-3']) {
      const stopped = await stage.swarm.node(other).stop();
      onTestFinished(async () => stage.swarm.replace(await stopped.start()));
    }
    const fresh = await startFresh();
    await fresh.stop();
    const restored = await stage.restore(fresh.volume, 'open.age');
    expect(restored.exitCode, restored.stderr).toBe(0);
    // A stopped container can't probe another manager, and the warning says so of each.
    expect(restored.json).toMatchObject({
      warnings: expect.arrayContaining([
        expect.stringMatching(/(?=.*manager-1 at [^,]+is not running)(?=.*manager-3 at [^,]+is not running)/),
      ]),
    });
    // The restore has started it.
    expect(await seenInside(fresh)).toEqual([value, 'config of keeper']);
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
