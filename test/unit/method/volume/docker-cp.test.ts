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
