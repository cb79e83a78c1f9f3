// Autolock, quorum and other managers: the right way is gone, or the refusal says why there is none.
import { writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { waitUntil } from '../../src/support/poll.ts';
import {
  autolock,
  digestOf,
  leftIn,
  openStage,
  seedService,
  seenInside,
  servicesOf,
  startOf,
} from '../support/swarm-backup-stage.ts';

test('a single autolocked manager: with its unlock key it is backed up, and brought back without a forced init', async () => {
  await using stage = await openStage('swarm-autolock');
  const node = stage.swarm.node('manager-1');
  const value = await seedService(stage.swarm, node);
  const key = await autolock(node);
  await writeFile(stage.path('unlock'), `${key}\n`);
  await writeFile(stage.path('wrong'), `SWMKEY-1-${'A'.repeat(43)}\n`);
  const began = await startOf(node);
  expect(await stage.backup(node.volume, 'one.age')).toMatchObject({
    exitCode: 1,
    json: { error: { code: 'no-unlock-key' } },
  });
  const wrong = await stage.backup(node.volume, 'one.age', '--unlock-key-file', stage.path('wrong'));
  expect(wrong).toMatchObject({ exitCode: 1, json: { error: { code: 'wrong-unlock-key' } } });
  expect(await startOf(node)).toBe(began);

  const unlocking = ['--unlock-key-file', stage.path('unlock')];
  const made = await stage.backup(node.volume, 'one.age', ...unlocking);
  expect(made.exitCode, made.stderr).toBe(0);
  expect(made.json).toMatchObject({
    cluster: { autolock: true },
    warnings: [expect.stringContaining('unlock key')],
  });
  expect(await seenInside(node)).toEqual([value, 'config of keeper']);
  for (const said of [made.stderr, JSON.stringify(made.json), wrong.stderr]) {
    expect(said).not.toContain(key);
    expect(said).not.toContain('A'.repeat(43));
  }

  // Keys are rotated: the backup opens with that of its day.
  await node.exec(['docker', 'swarm', 'unlock-key', '--rotate', '--quiet']);
  await node.exec(['docker', 'service', 'rm', 'keeper']);
  const before = [await startOf(node), await digestOf(node)];
  const shut = await stage.restore(node.volume, 'one.age', '--yes', '--unlock-key-file', stage.path('wrong'));
  expect(shut).toMatchObject({ exitCode: 1, json: { error: { code: 'wrong-unlock-key' } } });
  const keyless = await stage.restore(node.volume, 'one.age', '--yes');
  expect(keyless).toMatchObject({ exitCode: 1, json: { error: { code: 'no-unlock-key' } } });
  expect([await startOf(node), await digestOf(node)]).toEqual(before);
  const back = await stage.restore(node.volume, 'one.age', '--yes', ...unlocking);
  expect(back.exitCode, back.stderr).toBe(0);
  expect(back.json).toMatchObject({ by: 'unlock key' });
  expect(await servicesOf(node)).toEqual(['keeper']);
  expect(await seenInside(node)).toEqual([value, 'config of keeper']);
  expect((await node.exec(['docker', 'swarm', 'unlock-key', '--quiet'])).trim()).toBe(key);

  await node.destroy();
  const anew = await stage.site.startNode('manager-1');
  const again = await stage.restore(anew.volume, 'one.age', ...unlocking);
  expect(again.exitCode, again.stderr).toBe(0);
  expect(await seenInside(anew)).toEqual([value, 'config of keeper']);
});

test('three managers: quorum first; no restore beside living ones; after their loss the file brings one back', async () => {
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

  const beside = await stage.restore(node.volume, 'three.age', '--yes');
  expect(beside).toMatchObject({
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
  const back = await stage.restore(node.volume, 'three.age', '--yes');
  expect(back.exitCode, back.stderr).toBe(0);
  expect(back.json).toMatchObject({
    by: 'forced initialisation',
    warnings: [
      expect.stringMatching(/not found to live: (?=.*manager-1 at)(?=.*manager-3 at)/),
      expect.stringMatching(/raft still names (?=.*manager-1)(?=.*manager-3)/),
    ],
  });
  expect(await node.exec(['docker', 'info', '--format', '{{.Swarm.Managers}}'])).toBe('1\n');
  // The lost members stand in the way of nothing: the service moves to the node that there is.
  expect(await seenInside(node)).toEqual([value, 'config of keeper']);
});

test('no restore beside living managers of which the engine says nothing: locked, on a new disk', async () => {
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
        reason: expect.stringMatching(/live \((?=.*manager-1 at)(?=.*manager-3 at)/),
        hint: expect.stringContaining('stop the engines of the other managers'),
      },
    },
  };
  const locked = await (await node.stop()).start();
  expect(await locked.exec(['docker', 'info', '--format', '{{.Swarm.LocalNodeState}}'])).toBe('locked\n');
  const before = [await startOf(locked), await digestOf(locked), await leftIn(locked)];
  expect(await stage.restore(locked.volume, 'open.age', '--yes')).toMatchObject(refusal);
  expect([await startOf(locked), await digestOf(locked), await leftIn(locked)]).toEqual(before);

  await locked.destroy();
  const anew = await stage.site.startNode('manager-2');
  expect(await stage.restore(anew.volume, 'open.age')).toMatchObject(refusal);

  for (const other of ['manager-1', 'manager-3']) await stage.swarm.node(other).stop();
  await anew.stop();
  const back = await stage.restore(anew.volume, 'open.age');
  expect(back.exitCode, back.stderr).toBe(0);
  // A container that is stopped can't ask anybody, and that is said of each.
  expect(back.json).toMatchObject({
    warnings: expect.arrayContaining([
      expect.stringMatching(
        /manager-1 at [^,]+is not running.*manager-3 at [^,]+is not running|manager-3 at [^,]+is not running.*manager-1 at [^,]+is not running/,
      ),
    ]),
  });
  // The restore has started it.
  expect(await seenInside(anew)).toEqual([value, 'config of keeper']);
});

test('several autolocked managers: the backup says so, the restore says plainly that there is no documented way', async () => {
  await using stage = await openStage('swarm-locked', 3);
  const node = stage.swarm.node('manager-2');
  const key = await autolock(node);
  await writeFile(stage.path('unlock'), key);
  const unlocking = ['--unlock-key-file', stage.path('unlock')];
  const made = await stage.backup(node.volume, 'locked.age', ...unlocking);
  expect(made.exitCode, made.stderr).toBe(0);
  expect(made.json).toMatchObject({ warnings: [expect.stringContaining('no documented way')] });
  const empty = await stage.site.startNode('manager-4');
  const refused = await stage.restore(empty.volume, 'locked.age', ...unlocking);
  expect(refused).toMatchObject({
    exitCode: 1,
    json: { error: { code: 'autolocked-managers', reason: expect.stringContaining('no documented way') } },
  });
});

test('two managers: neither can be spared', async () => {
  await using stage = await openStage('swarm-two', 2);
  const node = stage.swarm.node('manager-2');
  const { exitCode, json } = await stage.backup(node.volume, 'two.age');
  expect({ exitCode, json }).toMatchObject({
    exitCode: 1,
    json: { error: { code: 'quorum', hint: expect.stringContaining('third manager') } },
  });
});
