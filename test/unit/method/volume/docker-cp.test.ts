// docker cp in memory: nothing is left behind by a backup or a restore that fails.
import { Readable } from 'node:stream';
import { beforeEach, expect, test } from 'vitest';
import { finding } from '../../../../src/support/errors.ts';
import {
  createInMemorySwarm,
  InMemoryArtifact,
  type InMemorySwarm,
} from '../../../support/in-memory-swarm.ts';
import { failureOf } from '../../../support/method-lab.ts';
import { dockerCp } from '../../../../src/method/volume/docker-cp.ts';
import { volumeArchive } from '../../../../src/method/volume/volume-archive.ts';

const METADATA = {
  volume: 'files',
  labels: {},
  driver: 'local',
  options: {},
  contents: { entries: 2, bytes: 11, changing: 0 },
};
let lab: InMemorySwarm;
beforeEach(() => {
  lab = createInMemorySwarm();
  lab.engine.fill('files', { a: 'first', b: 'second' });
});

test('restores what it copied, and leaves no container', async () => {
  const artifact = new InMemoryArtifact();
  const metadata = await dockerCp().backup(lab.volume('files'), artifact.writer);
  await dockerCp().restore(artifact.reader(metadata), lab.volume('restored'));
  expect(lab.filesOf('restored')).toEqual(lab.filesOf('files'));
  expect(await lab.engine.containers.list({ all: true })).toEqual([]);
});

test('starts the service again and leaves no container when the vault refuses', async () => {
  await lab.startService('web', 'files');
  const [before, containers] = [await lab.stateOf('web'), await lab.engine.containers.list()];
  const writer = {
    ...new InMemoryArtifact().writer,
    put: () => Promise.reject(new Error('the vault is full')),
  };
  const backup = dockerCp({ whileStopped: true }).backup(lab.volume('files'), writer);
  expect(await failureOf(backup)).toMatchObject({ blame: 'finding', code: 'copy-failed' });
  expect(await lab.stateOf('web')).toEqual(before);
  expect(await lab.engine.containers.list({ all: true })).toHaveLength(containers.length);
});

test.for([dockerCp(), volumeArchive()])(
  'empties the volume when the artifact can not be read, and reports the message of the vault: $name',
  async (method) => {
    const unreadable = finding('no key opens it', { code: 'artifact-unreadable' });
    const breaks = async function* () {
      yield Buffer.alloc(0);
      throw unreadable;
    };
    const artifact = {
      ...new InMemoryArtifact().reader(METADATA),
      open: () => Readable.from(breaks(), { objectMode: false }),
      pipeTo: () => Promise.reject(unreadable),
    };
    expect(await failureOf(method.restore(artifact, lab.volume('unread')))).toMatchObject({
      blame: 'finding',
      message: expect.stringContaining('no key opens it'),
    });
    expect(lab.filesOf('unread')?.size).toBe(0);
    expect(await lab.engine.containers.list({ all: true })).toEqual([]);
  },
);

test('compares only what did not change during the backup', async () => {
  const artifact = new InMemoryArtifact();
  const metadata = await dockerCp().backup(lab.volume('files'), {
    ...artifact.writer,
    put: async (file, content) => {
      await artifact.writer.put(file, content);
      if (file === 'volume.tar.zst') lab.engine.fill('files', { b: 'changed since', c: 'new' });
    },
  });
  expect(metadata).toMatchObject({ contents: { entries: 1, bytes: 5, changing: 2 } });
  await dockerCp().restore(artifact.reader(metadata), lab.volume('restored'));
  expect(lab.filesOf('restored')?.size).toBe(2);
});

test.for([
  ['a file more in the list', '- 4 - missing\0', 'missing: "missing"'],
  ['a file with another size', '- 9 - b\0', 'changed: "b"'],
] as const)('finds %s than came back, and leaves nothing', async ([, entry, named]) => {
  const artifact = new InMemoryArtifact();
  const metadata = await dockerCp().backup(lab.volume('files'), artifact.writer);
  const list = String(artifact.files.get('contents.list')).replace(/- \d+ - b\0$/, entry);
  artifact.files.set('contents.list', Buffer.from(list));
  const failure = await failureOf(dockerCp().restore(artifact.reader(metadata), lab.volume('short')));
  expect(failure).toMatchObject({
    ...{ blame: 'finding', code: 'restore-incomplete' },
    output: expect.stringContaining(named),
  });
  expect(lab.filesOf('short')?.size).toBe(0);
});

test.for([{ entries: 3 }, { bytes: 12 }])(
  'finds that less came back than the metadata says: %j',
  async (more) => {
    const artifact = new InMemoryArtifact();
    const metadata = await dockerCp().backup(lab.volume('files'), artifact.writer);
    const contents = { ...(metadata['contents'] as object), ...more };
    const restore = dockerCp().restore(artifact.reader({ ...metadata, contents }), lab.volume('short'));
    expect(await failureOf(restore)).toMatchObject({ blame: 'finding', code: 'restore-incomplete' });
  },
);
