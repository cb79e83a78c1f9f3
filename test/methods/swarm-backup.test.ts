// `swarm backup` and `swarm restore` on a lab node: what was lost is restored, and nothing else is touched.
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { imageReference } from '../../src/lab/images.ts';
import { connect } from '../../src/lab/engine/connect.ts';
import { execInContainer } from '../../src/lab/engine/process.ts';
import {
  containerOf,
  digestOf,
  interruptedAfter,
  leftIn,
  onNode,
  openStage,
  seedService,
  seenInside,
  servicesOf,
  type Stage,
  startOf,
  startService,
} from '../support/swarm-backup-stage.ts';

const lab = inject('lab');
let stage: Stage;
let name: string;
let value: string;

beforeAll(async () => {
  stage = await openStage('swarm-file');
  const node = stage.swarm.node('manager-1');
  name = node.volume;
  // A swarm that has rotated its CA: a forced initialisation without the swarm's specification would rotate it again.
  await node.exec(['docker', 'swarm', 'ca', '--rotate', '--quiet']);
  await node.exec(['docker', 'node', 'update', '--label-add', 'place=here', 'manager-1']);
  value = await seedService(stage.swarm, node);
});
afterAll(() => stage[Symbol.asyncDispose]());

const rootOf = (): Promise<string> => stage.swarm.node('manager-1').exec(['docker', 'swarm', 'ca']);

test('writes one encrypted file that only its owner can read, and the manager serves again', async () => {
  const node = stage.swarm.node('manager-1');
  const { exitCode, json, stderr } = await stage.backup(name, 'one.age');
  expect(exitCode, stderr).toBe(0);
  expect(json).toMatchObject({
    ok: true,
    command: 'backup',
    file: stage.path('one.age'),
    cluster: { autolock: false, managers: 1 },
    node: { name: 'manager-1', address: node.address, addressIsOwn: true },
    objects: { nodes: 1, services: 1, secrets: 1, configs: 1 },
    recovered: null,
  });
  const { mode, size } = await stat(stage.path('one.age'));
  expect([mode & 0o777, size]).toEqual([0o600, json['bytes']]);
  expect(await leftIn(node)).toEqual(['swarm', 'swarm-drill.json']);
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
  const before = await readFile(stage.path('one.age'));
  const { exitCode, json } = await stage.backup(name, 'one.age');
  expect(exitCode).toBe(64);
  expect(json).toMatchObject({
    ok: false,
    error: { blame: 'usage', hint: expect.stringContaining('--overwrite') },
  });
  expect(await readFile(stage.path('one.age'))).toEqual(before);
  expect(await stage.backup(name, 'one.age', '--overwrite')).toMatchObject({ exitCode: 0 });
  expect(await readFile(stage.path('one.age'))).not.toEqual(before);
});

test('replaces an existing swarm neither without --yes nor by a damaged file', async () => {
  const node = stage.swarm.node('manager-1');
  const before = [await startOf(node), await digestOf(node), await leftIn(node)];
  const refused = await stage.restore(name, 'one.age');
  expect(refused).toMatchObject({ exitCode: 1, json: { error: { code: 'swarm-exists', blame: 'finding' } } });
  const bytes = await readFile(stage.path('one.age'));
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] as number) ^ 4;
  await writeFile(stage.path('damaged.age'), bytes);
  const damaged = await stage.restore(name, 'damaged.age', '--yes');
  expect(damaged).toMatchObject({ exitCode: 1, json: { error: { code: 'file-damaged', blame: 'finding' } } });
  await writeFile(stage.path('cut.age'), bytes.subarray(0, 5000));
  const cut = await stage.restore(name, 'cut.age', '--yes');
  expect(cut).toMatchObject({ exitCode: 1, json: { error: { code: 'file-damaged', blame: 'finding' } } });
  expect([await startOf(node), await digestOf(node), await leftIn(node)]).toEqual(before);
});

test('restores services, secret, config, label and CA, and removes what was created since', async () => {
  const node = stage.swarm.node('manager-1');
  const root = await rootOf();
  await node.exec(['docker', 'service', 'rm', 'keeper']);
  await node.exec(['docker', 'secret', 'rm', 'keeper-secret']);
  await node.exec(['docker', 'config', 'rm', 'keeper-config']);
  await node.exec(['docker', 'node', 'update', '--label-rm', 'place', 'manager-1']);
  await startService(stage.swarm, node, 'later');
  const { exitCode, json, stderr } = await stage.restore(name, 'one.age', '--yes');
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
  expect(await leftIn(node)).toEqual(['swarm', 'swarm-drill.json', previous]);
});

test('does nothing when the file is already restored', async () => {
  const node = stage.swarm.node('manager-1');
  const before = [
    await startOf(node),
    await digestOf(node),
    await leftIn(node),
    await containerOf(node, 'keeper'),
  ];
  const { exitCode, json } = await stage.restore(name, 'one.age', '--yes');
  expect({ exitCode, json }).toMatchObject({ exitCode: 0, json: { ok: true, alreadyRestored: true } });
  const after = [
    await startOf(node),
    await digestOf(node),
    await leftIn(node),
    await containerOf(node, 'keeper'),
  ];
  expect(after).toEqual(before);
});

test('restores the same file again with --force', async () => {
  const node = stage.swarm.node('manager-1');
  await node.exec(['docker', 'service', 'rm', 'keeper']);
  const { exitCode, json } = await stage.restore(name, 'one.age', '--yes', '--force');
  expect({ exitCode, json }).toMatchObject({ exitCode: 0, json: { ok: true, alreadyRestored: false } });
  expect(await servicesOf(node)).toEqual(['keeper']);
});

test('lets the second of two backups on one node wait', async () => {
  const both = await Promise.all([stage.backup(name, 'two.age'), stage.backup(name, 'three.age')]);
  expect(both.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
  expect(both.map(({ json }) => json['recovered'])).toEqual([null, null]);
});

test('restores onto a new node at the same address', async () => {
  await stage.swarm.node('manager-1').destroy();
  const node = await stage.site.startNode({ name: 'manager-1', role: 'manager' });
  const { exitCode, json, stderr } = await stage.restore(node.volume, 'one.age');
  expect(exitCode, stderr).toBe(0);
  expect(json).toMatchObject({ ok: true, alreadyRestored: false });
  expect(await seenInside(node)).toEqual([value, 'config of keeper']);
  name = node.volume;
  stage.swarm.replace(node);
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

test('names the reason when there is no such container, or no swarm in it', async () => {
  const missing = await stage.backup('no-such-container', 'none.age');
  expect(missing).toMatchObject({ exitCode: 64, json: { error: { hint: expect.stringContaining(name) } } });
  const empty = await stage.site.startNode({ name: 'worker-1', role: 'worker' });
  const none = await stage.backup(empty.volume, 'none.age');
  expect(none).toMatchObject({ exitCode: 1, json: { error: { code: 'no-swarm' } } });
  await expect(stat(stage.path('none.age'))).rejects.toMatchObject({ code: 'ENOENT' });
  await empty.destroy();
});

test('leaves no helper container on the engine', async () => {
  const helpers = await connect(lab.host).containers.list({
    all: true,
    filters: { name: ['swarm-drill-helper'] },
  });
  expect(helpers).toEqual([]);
});

test('starts the engine and leaves no file when it is interrupted', async () => {
  const node = stage.swarm.node('manager-1');
  const { exitCode, json } = await interruptedAfter('stop the engine', [
    ...['backup', ...onNode(stage.site, name), '--output', stage.path('interrupted.age'), ...stage.sealed],
  ]);
  expect({ exitCode, json }).toMatchObject({ exitCode: 2, json: { error: { code: 'stopped' } } });
  expect(await seenInside(node)).toEqual([value, 'config of keeper']);
  const files = await readdir(stage.path('.'));
  expect(files.filter((file) => file.startsWith('interrupted'))).toEqual([]);
  expect(JSON.parse(await node.exec(['cat', '/var/lib/docker/swarm-drill.json']))).not.toHaveProperty(
    'operation',
  );
});
