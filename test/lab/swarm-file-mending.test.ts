// What goes wrong half-way: a restore that fails puts the old state back, and what a kill cuts short is mended by the next call.
import { randomFillSync } from 'node:crypto';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { connect } from '../../src/lab/engine.ts';
import { NODE_START } from '../../src/lab/prepare.ts';
import { run } from '../../src/support/command.ts';
import { Node } from '../../src/swarm/node.ts';
import {
  digestOf,
  forge,
  killedAfter,
  leftIn,
  onNode,
  openStage,
  type Outcome,
  seedService,
  seenInside,
  servicesOf,
  startOf,
  type Stage,
  startService,
} from './swarm-file-stage.ts';

let stage: Stage;
let node: Node;
let name: string;
let value: string;

beforeAll(async () => {
  stage = await openStage('swarm-mending');
  node = stage.swarm.node('manager-1');
  name = node.volume;
  value = await seedService(stage.swarm, node);
  expect(await stage.backup(name, 'good.age')).toMatchObject({ exitCode: 0 });
  await startService(stage.swarm, node, 'later');
});
afterAll(() => stage[Symbol.asyncDispose]());

let before: [string, string[]];
beforeEach(async () => {
  before = [await digestOf(node), (await leftIn(node)).filter((entry) => entry !== 'swarm-drill.json')];
});

/** The swarm that there was before, with the service that the backup does not have; and nothing lies about. */
async function expectTheOldState(): Promise<void> {
  expect(await servicesOf(node)).toEqual(['keeper', 'later']);
  expect(await seenInside(node)).toEqual([value, 'config of keeper']);
  expect([
    await digestOf(node),
    (await leftIn(node)).filter((entry) => entry !== 'swarm-drill.json'),
  ]).toEqual(before);
  const note = await node.exec(['cat', '/var/lib/docker/swarm-drill.json']);
  expect(JSON.parse(note)).not.toHaveProperty('doing');
}

test('what came back is not what the manifest says: the old state is put back', async () => {
  await forge(stage, 'good.age', 'ghost.age', {
    manifest: (manifest) => ({
      ...manifest,
      objects: {
        ...manifest.objects,
        services: [...manifest.objects.services, { id: 'ghost', name: 'ghost' }],
      },
    }),
  });
  const { exitCode, json } = await stage.restore(name, 'ghost.age', '--yes');
  expect(exitCode).toBe(1);
  expect(json).toMatchObject({
    ok: false,
    error: {
      code: 'not-the-same',
      blame: 'finding',
      reason: expect.stringContaining('services: ghost (ghost) is missing'),
      hint: expect.stringContaining('what was there before is in its place again'),
    },
  });
  await expectTheOldState();
});

test('the engine refuses the copy (its log is garbage): the old state is put back', async () => {
  await forge(stage, 'good.age', 'garbage.age', {
    content: (path, bytes) => (path.endsWith('.wal') ? randomFillSync(Buffer.alloc(bytes.length)) : bytes),
  });
  const { exitCode, json } = await stage.restore(name, 'garbage.age', '--yes');
  expect({ exitCode, json }).toMatchObject({
    exitCode: 1,
    json: { ok: false, error: { code: 'state-refused', blame: 'finding' } },
  });
  await expectTheOldState();
});

test('no room for the file half-way: the engine runs again, and nothing is left', async () => {
  await mkdir(stage.path('small'));
  await run('mount', ['-t', 'tmpfs', '-o', 'size=12k', 'none', stage.path('small')]);
  try {
    const { exitCode, json } = await stage.backup(name, 'small/full.age');
    expect({ exitCode, json }).toMatchObject({
      exitCode: 2,
      json: { error: { code: 'file-system', blame: 'harness', reason: expect.stringContaining('ENOSPC') } },
    });
    expect(await readdir(stage.path('small'))).toEqual([]);
  } finally {
    await run('umount', [stage.path('small')]);
  }
  await expectTheOldState();
});

const restoring = (): string[] => [
  ...['restore', ...onNode(stage.site, name), '--input', stage.path('good.age'), ...stage.opened, '--yes'],
];
const backingUp = (): string[] => [
  ...['backup', ...onNode(stage.site, name), '--output', stage.path('killed.age'), ...stage.sealed],
];

test.each([
  ['restore', 'unpack the copy beside it', restoring],
  ['restore', 'move the old swarm directory aside', restoring],
  ['restore', 'force a new cluster from it', restoring],
  ['backup', 'stop the engine', backingUp],
  ['backup', 'copy the swarm directory', backingUp],
])('a %s killed after "%s" is mended by the next call', async (what, step, words) => {
  await killedAfter(step, words());
  const next: Outcome = await stage.backup(name, 'next.age', '--overwrite');
  expect(next.exitCode, next.stderr).toBe(0);
  expect(next.json).toMatchObject({ ok: true, mended: what, objects: { services: 2 } });
  await expectTheOldState();
  expect((await readdir(stage.path('.'))).filter((file) => file.startsWith('killed'))).toEqual([]);
});

test('a restore that was killed and is called again mends first, and then brings the file back', async () => {
  await killedAfter('put the copy there', restoring());
  const { exitCode, json, stderr } = await stage.restore(name, 'good.age', '--yes');
  expect(exitCode, stderr).toBe(0);
  expect(json).toMatchObject({ ok: true, already: false, mended: 'restore' });
  expect(await servicesOf(node)).toEqual(['keeper']);
  expect(await seenInside(node)).toEqual([value, 'config of keeper']);
});

test('no room for the copy half-way: the swarm that is there never stops', async () => {
  await node.destroy();
  const { lab, labels, network } = stage.site;
  const volume = `${name}-small`;
  // Room for one swarm directory (its log takes 64 MB at once, twice), and not for a second.
  await connect(lab.host).createVolume({
    Name: volume,
    Labels: { ...labels },
    DriverOpts: { type: 'tmpfs', device: 'tmpfs', o: 'size=200m' },
  });
  const script = await readFile(NODE_START, 'utf8');
  const address = stage.site.addressOf('manager-1');
  const small = await Node.start(lab, { name: 'manager-1', address, network, volume, labels, script });
  try {
    await small.exec(['docker', 'swarm', 'init', '--advertise-addr', address]);
    const there = [await startOf(small), await digestOf(small)];
    const { exitCode, json } = await stage.restore(volume, 'good.age', '--yes');
    expect({ exitCode, json }).toMatchObject({
      exitCode: 2,
      json: { error: { blame: 'harness', reason: expect.stringContaining('no space left on device') } },
    });
    expect([await startOf(small), await digestOf(small)]).toEqual(there);
    expect(await leftIn(small)).toEqual(['swarm', 'swarm-drill.json']);
  } finally {
    await small.destroy();
  }
});
