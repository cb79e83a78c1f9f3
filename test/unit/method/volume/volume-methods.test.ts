// What every method of volumes refuses, before it reads or changes anything.
import { expect, test } from 'vitest';
import { createInMemorySwarm, InMemoryArtifact } from '../../../support/in-memory-swarm.ts';
import { failureOf, finding } from '../../../support/method-lab.ts';
import * as methods from '../../../../src/method/methods.ts';

const METHODS = [
  methods.volumeArchive(),
  methods.dockerCp(),
  methods.dockerCp({ whileStopped: true }),
  methods.rsync(),
  methods.restic(),
  methods.restic({ via: 's3' }),
  methods.borg(),
  methods.volumeCompanion(),
  methods.volumePlugin(),
];

test.for(METHODS)('refuses to back up a missing volume, and does not create it: $name', async (method) => {
  const { volume, engine } = createInMemorySwarm();
  const backup = method.backup(volume('missing'), new InMemoryArtifact().writer);
  expect(await failureOf(backup)).toMatchObject(finding('no-volume'));
  expect(await engine.volumes.list()).toEqual([]);
  expect(await engine.containers.list({ all: true })).toEqual([]);
});

test.for(METHODS)('refuses to back up an empty volume, and stops no service: $name', async (method) => {
  const { volume, engine, startService, stateOf } = createInMemorySwarm();
  engine.fill('empty', {});
  await startService('web', 'empty');
  const before = await stateOf('web');
  const artifact = new InMemoryArtifact();
  expect(await failureOf(method.backup(volume('empty'), artifact.writer))).toMatchObject(
    finding('empty-volume'),
  );
  expect(await stateOf('web')).toEqual(before);
  expect([...artifact.files]).toEqual([]);
});

/** Methods of repositories read their repository first. */
const OF_FILES = METHODS.filter(({ name }) => !/^(rsync|restic|borg)/.test(name));
const METADATA = {
  volume: 'files',
  labels: {},
  driver: 'snapshots',
  options: {},
  contents: { entries: 1, bytes: 1, changing: 0 },
  stopped: [],
};

test.for(OF_FILES)('does not change a volume that is not empty: $name', async (method) => {
  const { volume, engine, filesOf } = createInMemorySwarm();
  engine.installedPlugins.push({ Name: 'snapshots', Enabled: true });
  engine.fill('files', { precious: 'data' }, { Driver: 'snapshots' });
  const restore = method.restore(new InMemoryArtifact().reader(METADATA), volume('files'));
  expect(await failureOf(restore)).toMatchObject(finding('volume-not-empty'));
  expect(String(filesOf('files')?.get('precious'))).toBe('data');
  expect(engine.calls).toEqual(['find']);
});
