// Failures half-way: a failed restore puts the old state back, and a killed command is recovered by the next one.
import { randomFillSync } from 'node:crypto';
import { copyFile, mkdir, readdir, readFile } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { connect } from '../../../src/lab/engine/connect.ts';
import { NODE_START } from '../../../src/lab/prepare.ts';
import { runProgram } from '../../../src/support/command.ts';
import { Node } from '../../../src/swarm/node/node.ts';
import { readSwarmFile } from '../../../src/swarm-backup/file/read.ts';
import { fileSource } from '../../../src/swarm-backup/file/target.ts';
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
} from '../../support/swarm-backup-stage.ts';

let stage: Stage;
let node: Node;
let name: string;
let value: string;

beforeAll(async () => {
  stage = await openStage('swarm-recovery');
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

/** The old swarm with the service that is not in the backup, and nothing unfinished. */
async function expectTheOldState(): Promise<void> {
  expect(await servicesOf(node)).toEqual(['keeper', 'later']);
  expect(await seenInside(node)).toEqual([value, 'config of keeper']);
  expect([
    await digestOf(node),
    (await leftIn(node)).filter((entry) => entry !== 'swarm-drill.json'),
  ]).toEqual(before);
  const log = await node.exec(['cat', '/var/lib/docker/swarm-drill.json']);
  expect(JSON.parse(log)).not.toHaveProperty('operation');
}

test('puts the old state back when the restored swarm differs from the manifest', async () => {
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
      hint: expect.stringContaining('old state is back in its place'),
    },
  });
  await expectTheOldState();
});

test('puts the old state back when the engine refuses the copy (its log is garbage)', async () => {
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

test('starts the engine and leaves no file when the disk of the file is full', async () => {
  await mkdir(stage.path('small'));
  await runProgram('mount', ['-t', 'tmpfs', '-o', 'size=12k', 'none', stage.path('small')]);
  try {
    const { exitCode, json } = await stage.backup(name, 'small/full.age');
    expect({ exitCode, json }).toMatchObject({
      exitCode: 2,
      json: { error: { code: 'file-system', blame: 'harness', reason: expect.stringContaining('ENOSPC') } },
    });
    expect(await readdir(stage.path('small'))).toEqual([]);
  } finally {
    await runProgram('umount', [stage.path('small')]);
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
  ['restore', 'unpack the copy', restoring],
  ['restore', 'set the old swarm directory aside', restoring],
  ['restore', 'force a new cluster', restoring],
  ['backup', 'stop the engine', backingUp],
  ['backup', 'copy the swarm directory', backingUp],
])('recovers a %s that was killed after "%s"', async (what, step, args) => {
  await copyFile(stage.path('good.age'), stage.path('killed.age'));
  await killedAfter(step, args());
  const next: Outcome = await stage.backup(name, 'next.age', '--overwrite');
  expect(next.exitCode, next.stderr).toBe(0);
  expect(next.json).toMatchObject({ ok: true, recovered: what, objects: { services: 2 } });
  await expectTheOldState();
  // An earlier file stays until there is another complete one.
  expect((await readdir(stage.path('.'))).filter((file) => file.startsWith('killed'))).toEqual([
    'killed.age',
  ]);
  expect(await readFile(stage.path('killed.age'))).toEqual(await readFile(stage.path('good.age')));
});

/** Part of the hint once the restore has begun. */
const PUT_BACK = expect.stringContaining('back in its place') as string;

test.each([
  ['check the whole file', undefined],
  ['probe the swarm', undefined],
  ['look for other managers', PUT_BACK],
  ['unpack the copy', PUT_BACK],
  ['stop the engine', PUT_BACK],
  ['set the old swarm directory aside', PUT_BACK],
  ['put the copy in its place', PUT_BACK],
  ['start the engine', PUT_BACK],
  ['force a new cluster', PUT_BACK],
])('keeps or puts back the old state when a restore is interrupted after "%s"', async (step, hint) => {
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

test('recovers a killed restore first, and then restores the file', async () => {
  await killedAfter('put the copy in its place', restoring());
  const { exitCode, json, stderr } = await stage.restore(name, 'good.age', '--yes');
  expect(exitCode, stderr).toBe(0);
  expect(json).toMatchObject({ ok: true, alreadyRestored: false, recovered: 'restore' });
  expect(await servicesOf(node)).toEqual(['keeper']);
  expect(await seenInside(node)).toEqual([value, 'config of keeper']);
});

async function unpackedBytes(file: string): Promise<number> {
  const { files } = await readSwarmFile(fileSource(stage.path(file)), { identities: [stage.identity] });
  return files.reduce((sum, { size }) => sum + size, 0);
}

/** Fills the disk of the engine's data root until only `bytes` are free. */
async function leave(on: Node, bytes: number): Promise<void> {
  const free = async (): Promise<number> => {
    const [blocks, size] = (await on.exec(['stat', '-f', '-c', '%a %S', '/var/lib/docker'])).split(' ');
    return Number(blocks) * Number(size);
  };
  const filler = Math.floor((await free()) - bytes);
  await on.exec(['sh', '-c', 'head -c "$1" /dev/zero >/var/lib/docker/filler', 'sh', String(filler)]);
  expect(await free()).toBeLessThanOrEqual(bytes);
}

test('does not stop the swarm when the disk is too small for the copy', async () => {
  await node.destroy();
  const { lab, labels, network } = stage.site;
  const volume = `${name}-small`;
  await connect(lab.host).volumes.create({
    Name: volume,
    Labels: { ...labels },
    DriverOpts: { type: 'tmpfs', device: 'tmpfs', o: 'size=300m' },
  });
  const script = await readFile(NODE_START, 'utf8');
  const identity = { name: 'manager-1', role: 'manager' } as const;
  const address = stage.site.addressOf(identity);
  const small = await Node.start(lab, { ...identity, address, network, volume, labels, script });
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
