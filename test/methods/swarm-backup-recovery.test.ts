// What goes wrong half-way: a restore that fails puts the old state back, and what a kill cuts short is mended by the next call.
import { randomFillSync } from 'node:crypto';
import { copyFile, mkdir, readdir, readFile } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { connect } from '../../src/lab/engine/connect.ts';
import { NODE_START } from '../../src/lab/prepare.ts';
import { run } from '../../src/support/command.ts';
import { Node } from '../../src/swarm/node.ts';
import { readSwarmFile } from '../../src/swarm-backup/file/read.ts';
import {
  digestOf,
  forge,
  interruptedAfter,
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
} from '../support/swarm-backup-stage.ts';

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
  ...[
    'backup',
    ...onNode(stage.site, name),
    '--output',
    stage.path('killed.age'),
    '--overwrite',
    ...stage.sealed,
  ],
];

test.each([
  ['restore', 'unpack the copy beside it', restoring],
  ['restore', 'move the old swarm directory aside', restoring],
  ['restore', 'force a new cluster from it', restoring],
  ['backup', 'stop the engine', backingUp],
  ['backup', 'copy the swarm directory', backingUp],
])('a %s killed after "%s" is mended by the next call', async (what, step, words) => {
  await copyFile(stage.path('good.age'), stage.path('killed.age'));
  await killedAfter(step, words());
  const next: Outcome = await stage.backup(name, 'next.age', '--overwrite');
  expect(next.exitCode, next.stderr).toBe(0);
  expect(next.json).toMatchObject({ ok: true, mended: what, objects: { services: 2 } });
  await expectTheOldState();
  // The file of an earlier night is whole as long as there is no other whole one.
  expect((await readdir(stage.path('.'))).filter((file) => file.startsWith('killed'))).toEqual([
    'killed.age',
  ]);
  expect(await readFile(stage.path('killed.age'))).toEqual(await readFile(stage.path('good.age')));
});

/** What is said once something was begun. */
const PUT_BACK = expect.stringContaining('in its place again') as string;

test.each([
  ['check the file whole', undefined],
  ['look at what is there', undefined],
  ['ask for the other managers', PUT_BACK],
  ['unpack the copy beside it', PUT_BACK],
  ['stop the engine', PUT_BACK],
  ['move the old swarm directory aside', PUT_BACK],
  ['put the copy there', PUT_BACK],
  ['start the engine', PUT_BACK],
  ['force a new cluster from it', PUT_BACK],
])('a restore interrupted after "%s" ends by itself with the old state in its place', async (step, hint) => {
  const { exitCode, json, stderr } = await interruptedAfter(step, restoring());
  expect({ exitCode, json }, stderr).toMatchObject({
    exitCode: 2,
    json: {
      ok: false,
      error: { code: 'stopped', blame: 'harness', ...(hint !== undefined && { hint }) },
    },
  });
  await expectTheOldState();
});

test('a restore that was killed and is called again mends first, and then brings the file back', async () => {
  await killedAfter('put the copy there', restoring());
  const { exitCode, json, stderr } = await stage.restore(name, 'good.age', '--yes');
  expect(exitCode, stderr).toBe(0);
  expect(json).toMatchObject({ ok: true, already: false, mended: 'restore' });
  expect(await servicesOf(node)).toEqual(['keeper']);
  expect(await seenInside(node)).toEqual([value, 'config of keeper']);
});

async function unpackedBytes(file: string): Promise<number> {
  const { files } = await readSwarmFile(stage.path(file), { identities: [stage.identity] });
  return files.reduce((sum, { size }) => sum + size, 0);
}

/** Fills the disk of the engine's data root until only `bytes` of it are left. */
async function leave(on: Node, bytes: number): Promise<void> {
  const free = async (): Promise<number> => {
    const [blocks, size] = (await on.exec(['stat', '-f', '-c', '%a %S', '/var/lib/docker'])).split(' ');
    return Number(blocks) * Number(size);
  };
  const filler = Math.floor((await free()) - bytes);
  await on.exec(['sh', '-c', 'head -c "$1" /dev/zero >/var/lib/docker/filler', 'sh', String(filler)]);
  expect(await free()).toBeLessThanOrEqual(bytes);
}

test('no room for the copy half-way: the swarm that is there never stops', async () => {
  await node.destroy();
  const { lab, labels, network } = stage.site;
  const volume = `${name}-small`;
  await connect(lab.host).volumes.create({
    Name: volume,
    Labels: { ...labels },
    DriverOpts: { type: 'tmpfs', device: 'tmpfs', o: 'size=300m' },
  });
  const script = await readFile(NODE_START, 'utf8');
  const address = stage.site.addressOf('manager-1');
  const small = await Node.start(lab, { name: 'manager-1', address, network, volume, labels, script });
  try {
    await small.exec(['docker', 'swarm', 'init', '--advertise-addr', address]);
    await leave(small, (await unpackedBytes('good.age')) / 2);
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
