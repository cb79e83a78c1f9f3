// What the volume plugin method refuses, and that it leaves no snapshot.
import { expect, test } from 'vitest';
import { createInMemorySwarm, InMemoryArtifact } from '../../../support/in-memory-swarm.ts';
import { failureOf, finding } from '../../../support/method-lab.ts';
import { volumePlugin } from '../../../../src/method/volume/volume-plugin.ts';

const DRIVER = 'snapshots';
const METADATA = {
  volume: 'files',
  labels: {},
  driver: DRIVER,
  options: {},
  contents: { entries: 1, bytes: 1, changing: 0 },
};

function createLab({ enabled = true, driver = DRIVER } = {}) {
  const lab = createInMemorySwarm();
  lab.engine.installedPlugins.push({ Name: DRIVER, Enabled: enabled });
  lab.engine.fill('files', { a: 'b' }, { Driver: driver });
  return lab;
}

const volumeNames = async ({ engine }: ReturnType<typeof createLab>): Promise<string[]> =>
  (await engine.volumes.list()).map(({ Name }) => Name);

test('refuses a disabled plugin', async () => {
  const lab = createLab({ enabled: false });
  const backup = volumePlugin({ driver: DRIVER }).backup(lab.volume('files'), new InMemoryArtifact().writer);
  expect(await failureOf(backup)).toMatchObject({
    ...finding('no-plugin'),
    message: expect.stringContaining('disabled'),
  });
});

test('refuses to restore where the plugin is missing, and creates no volume', async () => {
  const lab = createInMemorySwarm();
  const restore = volumePlugin().restore(new InMemoryArtifact().reader(METADATA), lab.volume('files'));
  expect(await failureOf(restore)).toMatchObject({
    ...finding('no-plugin'),
    message: expect.stringContaining('missing'),
  });
  expect(await volumeNames(lab)).toEqual([]);
});

test.for([undefined, DRIVER])(
  'refuses to back up a volume of another driver (expected: %s)',
  async (driver) => {
    const lab = createLab({ driver: 'local' });
    const method = volumePlugin(driver === undefined ? {} : { driver });
    const backup = method.backup(lab.volume('files'), new InMemoryArtifact().writer);
    expect(await failureOf(backup)).toMatchObject(finding('other-driver'));
    expect(await volumeNames(lab)).toEqual(['files']);
  },
);

test('refuses to restore into a volume of another driver', async () => {
  const lab = createLab({ driver: 'local' });
  const restore = volumePlugin().restore(new InMemoryArtifact().reader(METADATA), lab.volume('files'));
  expect(await failureOf(restore)).toMatchObject({
    ...finding('other-driver'),
    message: expect.stringContaining('local'),
  });
});

test.for([false, true])(
  'leaves no snapshot and no stopped service when the vault refuses (stopped: %s)',
  async (whileStopped) => {
    const lab = createLab();
    await lab.startService('web', 'files');
    const before = await lab.stateOf('web');
    const refusing = {
      ...new InMemoryArtifact().writer,
      pipeFrom: () => Promise.reject(new Error('the vault is full')),
    };
    const backup = volumePlugin({ whileStopped }).backup(lab.volume('files'), refusing);
    await expect(backup).rejects.toThrow('the vault is full');
    expect(await volumeNames(lab)).toEqual(['files']);
    expect(await lab.stateOf('web')).toEqual(before);
  },
);

test('stops the service only for the snapshot, not while the data is transferred', async () => {
  const lab = createLab();
  await lab.startService('web', 'files');
  const before = await lab.stateOf('web');
  const during: unknown[] = [];
  await volumePlugin({ whileStopped: true }).backup(lab.volume('files'), {
    ...new InMemoryArtifact().writer,
    pipeFrom: async () => void during.push(await lab.stateOf('web')),
  });
  expect(during).toEqual([before]);
  expect(await lab.stateOf('web')).toEqual(before);
});
