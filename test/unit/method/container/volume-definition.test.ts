// What kind of volume a restore creates, or refuses.
import { expect, test } from 'vitest';
import { failureOf, finding } from '../../../support/method-lab.ts';
import { createInMemorySwarm } from '../../../support/in-memory-swarm.ts';
import { restoreIntoEmptyVolume } from '../../../../src/method/container/empty-volume.ts';
import { describeKind } from '../../../../src/method/container/volume-definition.ts';
import { requireFilledVolume } from '../../../../src/method/container/volume.ts';
import { EngineError } from '../../../../src/lab/engine/errors.ts';

const NFS = { type: 'nfs', o: 'addr=10.0.0.9,rw,nfsvers=4', device: ':/exports/files' };
const wanted = { volume: 'files', labels: { team: 'shop' }, driver: 'local', options: NFS };
const fill = async (): Promise<void> => {};

test('creates the volume with its driver, options and labels', async () => {
  const { volume, engine } = createInMemorySwarm();
  await restoreIntoEmptyVolume(volume('files'), wanted, fill);
  expect(await engine.volumes.inspect('files')).toMatchObject({
    Driver: 'local',
    Options: NFS,
    Labels: { team: 'shop' },
  });
});

test('refuses a plain volume in place of one with options, and does not change it', async () => {
  const { volume, engine } = createInMemorySwarm();
  engine.fill('files', {});
  const before = await engine.volumes.inspect('files');
  expect(await failureOf(restoreIntoEmptyVolume(volume('files'), wanted, fill))).toMatchObject({
    ...finding('other-volume'),
    message: expect.stringContaining('device=:/exports/files'),
    hint: expect.stringContaining('docker volume rm files'),
  });
  expect(await engine.volumes.inspect('files')).toEqual(before);
  expect(engine.calls).toEqual([]);
});

test.for([
  ['other options', { Driver: 'local', DriverOpts: { ...NFS, o: 'addr=10.0.0.10,rw' } }],
  ['another driver', { Driver: 'snapshots' }],
] as const)('restores into an existing volume with %s, which was created on purpose', async ([, spec]) => {
  const { volume, engine } = createInMemorySwarm();
  await engine.volumes.create({ Name: 'files', ...spec });
  const before = await engine.volumes.inspect('files');
  await restoreIntoEmptyVolume(volume('files'), { ...wanted, labels: {} }, fill);
  expect(await engine.volumes.inspect('files')).toEqual(before);
});

test('gives an empty volume that a service created too early its labels again', async () => {
  const { volume, engine } = createInMemorySwarm();
  await engine.volumes.create({ Name: 'files', DriverOpts: NFS, Labels: { other: 'yes' } });
  await restoreIntoEmptyVolume(volume('files'), wanted, fill);
  expect(await engine.volumes.inspect('files')).toMatchObject({ Options: NFS, Labels: { team: 'shop' } });
});

test('leaves the labels of a volume with another name as they are', async () => {
  const { volume, engine } = createInMemorySwarm();
  await engine.volumes.create({ Name: 'copy', DriverOpts: NFS, Labels: { other: 'yes' } });
  await restoreIntoEmptyVolume(volume('copy'), wanted, fill);
  expect(await engine.volumes.inspect('copy')).toMatchObject({ Labels: { other: 'yes' } });
});

test('refuses a volume in memory, in a backup and as a target', async () => {
  const { volume, engine } = createInMemorySwarm();
  engine.fill('files', { a: 'b' }, { DriverOpts: { type: 'tmpfs', device: 'tmpfs' } });
  const refused = finding('volume-in-memory');
  expect(await failureOf(requireFilledVolume(volume('files')))).toMatchObject(refused);
  expect(await failureOf(restoreIntoEmptyVolume(volume('files'), {}, fill))).toMatchObject(refused);
  expect(engine.calls).toEqual([]);
});

test('refuses to create a volume in memory', async () => {
  const { volume, engine } = createInMemorySwarm();
  const restore = restoreIntoEmptyVolume(volume('files'), { options: { type: 'tmpfs' } }, fill);
  expect(await failureOf(restore)).toMatchObject(finding('volume-in-memory'));
  expect(await engine.volumes.list()).toEqual([]);
});

test('refuses a cluster volume', async () => {
  const { volume, engine } = createInMemorySwarm();
  engine.fill('files', { a: 'b' });
  const inspection = { ...(await engine.volumes.inspect('files')), ClusterVolume: { ID: 'v1' } };
  Object.assign(engine.volumes, { inspect: async () => inspection });
  expect(await failureOf(requireFilledVolume(volume('files')))).toMatchObject(finding('cluster-volume'));
});

test('reports a driver that is missing, without the password among the options', async () => {
  const { volume, engine } = createInMemorySwarm();
  const missing = (): Promise<never> => Promise.reject(new EngineError(404, 'plugin "remote" not found'));
  Object.assign(engine.volumes, { create: missing });
  const options = { o: 'username=shop,password=secret,rw' };
  const restore = restoreIntoEmptyVolume(volume('files'), { driver: 'remote', options }, fill);
  const failure = await failureOf(restore);
  expect(failure).toMatchObject({
    ...finding('volume-not-created'),
    message: expect.stringContaining('driver remote, o=username=shop,password=…,rw'),
  });
  expect(String(failure)).not.toContain('secret');
});

test.for(['pass=a', 'passwd=a', 'password=a', 'credentials=/a', 'secret_key=a', 'key=a'])(
  'hides %s in messages',
  (option) => {
    const [name] = option.split('=');
    expect(describeKind({ driver: 'x', options: { o: `rw,${option},ro`, [name ?? '']: 'a' } })).toBe(
      `driver x, o=rw,${name}=…,ro, ${name}=…`,
    );
  },
);
