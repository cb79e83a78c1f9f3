// `swarm backup` and `swarm restore` on a lab node: what was lost is restored, and nothing else is touched.
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { imageReference } from '../../../src/lab/image/images.ts';
import { connect } from '../../../src/lab/engine/connect.ts';
import { execInContainer } from '../../../src/lab/engine/process.ts';
import { waitUntil } from '../../../src/support/poll.ts';
import type { Node } from '../../../src/swarm/node/node.ts';
import { HELPER_LABEL } from '../../../src/swarm-backup/engine/container.ts';
import {
  containerOf,
  digestOf,
  interruptedAfter,
  leftIn,
  onNode,
  openStage,
  type Outcome,
  seedService,
  seenInside,
  servicesOf,
  type Stage,
  startOf,
  startService,
} from '../../support/swarm-backup-stage.ts';

const lab = inject('lab');
let stage: Stage;
let value: string;

const manager = (): Node => stage.swarm.node('manager-1');

beforeAll(async () => {
  stage = await openStage('swarm-file');
  const node = manager();
  // A swarm that has rotated its CA: a forced initialisation without the swarm's specification would rotate it again.
  await node.exec(['docker', 'swarm', 'ca', '--rotate', '--quiet']);
  await node.exec(['docker', 'node', 'update', '--label-add', 'place=here', 'manager-1']);
  value = await seedService(stage.swarm, node);
  await backUp('one.age');
});
afterAll(() => stage[Symbol.asyncDispose]());

/** Backs the manager up, which must succeed. */
async function backUp(file: string): Promise<Outcome> {
  const made = await stage.backup(manager().volume, file);
  expect(made.exitCode, made.stderr).toBe(0);
  return made;
}

/** Makes sure that the manager runs what is in the file, which must succeed. */
async function restoreOnce(file: string): Promise<void> {
  const { exitCode, stderr } = await stage.restore(manager().volume, file, '--yes');
  expect(exitCode, stderr).toBe(0);
}

const rootOf = (): Promise<string> => manager().exec(['docker', 'swarm', 'ca']);

/** What changes when the engine is stopped or the swarm directory is written. */
const untouched = async (node: Node): Promise<unknown[]> => [
  await startOf(node),
  await digestOf(node),
  await leftIn(node),
];

test('writes one encrypted file that only its owner can read, and the manager serves again', async () => {
  const node = manager();
  const before = await leftIn(node);
  const { json } = await backUp('new.age');
  expect(json).toMatchObject({
    ok: true,
    command: 'backup',
    file: stage.path('new.age'),
    cluster: { autolock: false, managers: 1 },
    node: { name: 'manager-1', address: node.address, addressIsOwn: true },
    objects: { nodes: 1, services: 1, secrets: 1, configs: 1 },
    recovered: null,
  });
  const { mode, size } = await stat(stage.path('new.age'));
  expect([mode & 0o777, size]).toEqual([0o600, json['bytes']]);
  expect(before).toEqual(expect.arrayContaining(['swarm', 'swarm-drill.json']));
  expect(await leftIn(node)).toEqual(before);
  expect(await seenInside(node)).toEqual([value, 'config of keeper']);
});

test('writes a file that age, zstd and tar can open', async () => {
  const engine = connect(lab.host);
  const container = await engine.containers.create({
    Image: imageReference(lab, 'tools'),
    Cmd: ['sleep', 'infinity'],
    Labels: { ...stage.site.labels },
    HostConfig: { NetworkMode: 'none', AutoRemove: true },
  });
  try {
    await engine.containers.start(container);
    const put = (path: string, input: Buffer): Promise<string> =>
      execInContainer(engine, container, ['sh', '-c', `cat >${path}`], { input });
    await put('/key', await readFile(stage.path('identity')));
    await put('/file', await readFile(stage.path('one.age')));
    const listed = await execInContainer(engine, container, [
      'sh',
      '-c',
      'age -d -i /key /file | zstd -d | tar -t',
    ]);
    expect(listed.split('\n')).toEqual(
      expect.arrayContaining([
        'manifest.json',
        'swarm/docker-state.json',
        'swarm/certificates/swarm-node.key',
      ]),
    );
  } finally {
    await engine.containers.remove(container);
  }
});

test('overwrites an existing file only with --overwrite', async () => {
  await writeFile(stage.path('taken.age'), 'an older backup');
  const { exitCode, json } = await stage.backup(manager().volume, 'taken.age');
  expect(exitCode).toBe(64);
  expect(json).toMatchObject({
    ok: false,
    error: { blame: 'usage', hint: expect.stringContaining('--overwrite') },
  });
  expect(await readFile(stage.path('taken.age'), 'utf8')).toBe('an older backup');
  expect(await stage.backup(manager().volume, 'taken.age', '--overwrite')).toMatchObject({ exitCode: 0 });
  expect(await readFile(stage.path('taken.age'), 'utf8')).toMatch(/^age-encryption/);
});

test('replaces an existing swarm only with --yes', async () => {
  const before = await untouched(manager());
  const refused = await stage.restore(manager().volume, 'one.age');
  expect(refused).toMatchObject({ exitCode: 1, json: { error: { code: 'swarm-exists', blame: 'finding' } } });
  expect(await untouched(manager())).toEqual(before);
});

test.for<{ harm: string; change: (bytes: Buffer) => Buffer }>([
  {
    harm: 'with a flipped bit',
    change(bytes) {
      const middle = bytes.length >> 1;
      bytes.writeUInt8(bytes.readUInt8(middle) ^ 4, middle);
      return bytes;
    },
  },
  { harm: 'without its end', change: (bytes) => bytes.subarray(0, 5000) },
])('replaces no swarm by a file $harm', async ({ change }) => {
  const before = await untouched(manager());
  await writeFile(stage.path('damaged.age'), change(await readFile(stage.path('one.age'))));
  const damaged = await stage.restore(manager().volume, 'damaged.age', '--yes');
  expect(damaged).toMatchObject({ exitCode: 1, json: { error: { code: 'file-damaged', blame: 'finding' } } });
  expect(await untouched(manager())).toEqual(before);
});

test('restores services, secret, config, label and CA, and removes what was created since', async () => {
  const node = manager();
  const root = await rootOf();
  await backUp('before-loss.age');
  const before = await leftIn(node);
  await node.exec(['docker', 'service', 'rm', 'keeper']);
  await node.exec(['docker', 'secret', 'rm', 'keeper-secret']);
  await node.exec(['docker', 'config', 'rm', 'keeper-config']);
  await node.exec(['docker', 'node', 'update', '--label-rm', 'place', 'manager-1']);
  await startService(stage.swarm, node, 'later');
  const { exitCode, json, stderr } = await stage.restore(node.volume, 'before-loss.age', '--yes');
  expect(exitCode, stderr).toBe(0);
  expect(json).toMatchObject({
    ok: true,
    alreadyRestored: false,
    strategy: 'forced initialisation',
    warnings: [],
  });
  expect(await servicesOf(node)).toEqual(['keeper']);
  expect(await seenInside(node)).toEqual([value, 'config of keeper']);
  expect(await node.exec(['docker', 'node', 'inspect', '--format', '{{.Spec.Labels.place}}', 'self'])).toBe(
    'here\n',
  );
  expect(await rootOf()).toBe(root);
  expect(await node.exec(['docker', 'ps', '--format', '{{.Names}}'])).not.toContain('later');
  const previous = String(json['previous']).replace('/var/lib/docker/', '');
  expect(await leftIn(node)).toEqual([...before, previous].sort());
});

test('does nothing when the file is already restored', async () => {
  const node = manager();
  await restoreOnce('one.age');
  const before = [...(await untouched(node)), await containerOf(node, 'keeper')];
  const { exitCode, json } = await stage.restore(node.volume, 'one.age', '--yes');
  expect({ exitCode, json }).toMatchObject({ exitCode: 0, json: { ok: true, alreadyRestored: true } });
  expect([...(await untouched(node)), await containerOf(node, 'keeper')]).toEqual(before);
});

test('restores the same file again with --force', async () => {
  const node = manager();
  await restoreOnce('one.age');
  await node.exec(['docker', 'service', 'rm', 'keeper']);
  const { exitCode, json } = await stage.restore(node.volume, 'one.age', '--yes', '--force');
  expect({ exitCode, json }).toMatchObject({ exitCode: 0, json: { ok: true, alreadyRestored: false } });
  expect(await servicesOf(node)).toEqual(['keeper']);
});

test('lets the second of two backups on one node wait', async () => {
  const node = manager().volume;
  const both = await Promise.all([stage.backup(node, 'two.age'), stage.backup(node, 'three.age')]);
  expect(both.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
  expect(both.map(({ json }) => json['recovered'])).toEqual([null, null]);
});

test('restores onto a new node at the same address', async () => {
  await manager().destroy();
  const node = await stage.site.startNode({ name: 'manager-1', role: 'manager' });
  stage.swarm.replace(node);
  const { exitCode, json, stderr } = await stage.restore(node.volume, 'one.age');
  expect(exitCode, stderr).toBe(0);
  expect(json).toMatchObject({ ok: true, alreadyRestored: false });
  expect(await seenInside(node)).toEqual([value, 'config of keeper']);
});

test('refuses a node at another address before anything is touched', async () => {
  const other = await stage.site.startNode({ name: 'manager-2', role: 'manager' });
  const { exitCode, json } = await stage.restore(other.volume, 'one.age');
  expect(exitCode).toBe(1);
  expect(json).toMatchObject({
    error: {
      code: 'moved-address',
      reason: expect.stringContaining(other.address),
      hint: expect.any(String),
    },
  });
  expect(await leftIn(other)).toEqual(['swarm']);
  await other.destroy();
});

test('names the containers that there are when there is no such container', async () => {
  const missing = await stage.backup('no-such-container', 'none.age');
  const hint = expect.stringContaining(manager().volume) as string;
  expect(missing).toMatchObject({ exitCode: 64, json: { error: { hint } } });
});

test('refuses to back up a node without a swarm, and leaves no file', async () => {
  const empty = await stage.site.startNode({ name: 'worker-1', role: 'worker' });
  const none = await stage.backup(empty.volume, 'none.age');
  expect(none).toMatchObject({ exitCode: 1, json: { error: { code: 'no-swarm' } } });
  await expect(stat(stage.path('none.age'))).rejects.toMatchObject({ code: 'ENOENT' });
  await empty.destroy();
});

test('removes its helper container', async () => {
  const engine = connect(lab.host);
  const filters = { label: [`${HELPER_LABEL}=${manager().id}`] };
  const helpers = () => engine.containers.list({ all: true, filters });
  const running = stage.backup(manager().volume, 'helped.age');
  await waitUntil('the helper to be there', async () =>
    (await helpers()).length > 0 ? { done: true } : { notYet: 'there is none' },
  );
  expect(await running).toMatchObject({ exitCode: 0 });
  expect(await helpers()).toEqual([]);
});

test('starts the engine and leaves no file when it is interrupted', async () => {
  const node = manager();
  const { exitCode, json } = await interruptedAfter('stop the engine', [
    ...[
      'backup',
      ...onNode(stage.site, node.volume),
      '--output',
      stage.path('interrupted.age'),
      ...stage.sealed,
    ],
  ]);
  expect({ exitCode, json }).toMatchObject({ exitCode: 2, json: { error: { code: 'stopped' } } });
  expect(await seenInside(node)).toEqual([value, 'config of keeper']);
  const files = await readdir(stage.path('.'));
  expect(files.filter((file) => file.startsWith('interrupted'))).toEqual([]);
  expect(JSON.parse(await node.exec(['cat', '/var/lib/docker/swarm-drill.json']))).not.toHaveProperty(
    'operation',
  );
});
