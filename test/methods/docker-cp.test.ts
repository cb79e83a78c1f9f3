// docker cp: what comes back and what does not, and that services which are stopped for it run again in every case.
import { readFile, truncate, writeFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { dockerCp } from '../../src/method/volume/docker-cp.ts';
import { withServicesStopped } from '../../src/method/container/stop-services.ts';
import { volumeArchive } from '../../src/method/volume/volume-archive.ts';
import { restoreIntoEmptyVolume } from '../../src/method/container/empty-volume.ts';
import { finding } from '../../src/support/errors.ts';
import { traced } from '../../src/support/trace.ts';
import { openArtifactStore, type ArtifactStore } from '../support/artifact-store.ts';
import {
  destroy,
  entryOf,
  findingOf,
  inVolume,
  lostAspects,
  openTestSite,
  readManifest,
  seed,
  startUser,
  stateOf,
  type Manifest,
  type TestSite,
} from '../support/volumes.ts';

const live = dockerCp();
const stopped = dockerCp({ whileStopped: true });
const archive = volumeArchive();
const FILE = 'volume.tar.zst';
let place: TestSite;
let before: Manifest;
let kept: ArtifactStore;

beforeAll(async () => {
  place = await openTestSite('docker-cp');
  before = await seed(place.volume('files'));
  await startUser(place.volume('files'), 'web');
});
afterAll(() => place[Symbol.asyncDispose]());
beforeEach(async () => {
  kept = await openArtifactStore();
  return () => kept[Symbol.asyncDispose]();
});

const claim = { volume: 'files', labels: {} };
const tiny = { Driver: 'local', DriverOpts: { type: 'tmpfs', device: 'tmpfs', o: 'size=1m' } };

describe('what comes back', () => {
  test('live: all but what it says it loses, which it really loses; the service is not touched', async () => {
    const service = await stateOf(place.swarm, 'web');
    const taken = await live.backup(place.volume('files'), kept.writer);
    await live.restore(kept.reader(taken), place.volume('live'));
    const after = await readManifest(place.volume('live'));
    expect(await lostAspects(before, after)).toEqual(live.loses);
    // The capability of a file is the one attribute that the engine carries along.
    expect(await entryOf(after, 'attributes/capability')).toHaveProperty([
      'attributes',
      'security.capability',
    ]);
    expect(await entryOf(after, 'attributes/user')).not.toHaveProperty('attributes');
    expect(await stateOf(place.swarm, 'web')).toEqual(service);
  });

  test('service stopped: nothing runs while it is read; volume lost and restored, the service runs on it', async () => {
    const service = await stateOf(place.swarm, 'web');
    const during: unknown[] = [];
    const taken = await stopped.backup(place.volume('files'), {
      ...kept.writer,
      put: async (file, content) => {
        during.push((await stateOf(place.swarm, 'web')).running);
        await kept.writer.put(file, content);
      },
    });
    expect(during).toEqual([0]);
    expect(await stateOf(place.swarm, 'web')).toEqual(service);

    await destroy(place.volume('files'), 'web');
    await stopped.restore(kept.reader(taken), place.volume('files'));
    await startUser(place.volume('files'), 'web');
    const after = await readManifest(place.volume('files'));
    expect(await lostAspects(before, after)).toEqual(stopped.loses);
    before = after;
  });

  test('the GNU tar beside it loses nothing of the same files', async () => {
    const taken = await archive.backup(place.volume('files'), kept.writer);
    await archive.restore(kept.reader(taken), place.volume('tar'));
    expect(await lostAspects(before, await readManifest(place.volume('tar')))).toEqual(archive.loses);
  });
});

describe('a service that is stopped for a backup', () => {
  test('runs again when the vault refuses the backup', async () => {
    const service = await stateOf(place.swarm, 'web');
    const refused = stopped.backup(place.volume('files'), {
      ...kept.writer,
      put: () => Promise.reject(new Error('the vault is full')),
    });
    expect(await findingOf(refused)).toMatchObject({ code: 'copy-failed' });
    expect(await stateOf(place.swarm, 'web')).toEqual(service);
  });

  test('runs again when the drill is stopped meanwhile', async () => {
    const service = await stateOf(place.swarm, 'web');
    const ctrlC = new AbortController();
    const sink = { stepStarted: () => {}, stepEnded: () => {}, waiting: () => {} };
    const stopped = traced(sink, ctrlC.signal, () =>
      withServicesStopped(place.swarm, ['web'], async () => {
        ctrlC.abort(new Error('stopped by a person'));
        ctrlC.signal.throwIfAborted();
      }),
    );
    await expect(stopped).rejects.toThrow('stopped by a person');
    expect(await stateOf(place.swarm, 'web')).toEqual(service);
  });

  test('runs again after the next backup, when one was killed half-way', async () => {
    const service = await stateOf(place.swarm, 'web');
    await new Promise<void>((killed) => {
      void withServicesStopped(place.swarm, ['web'], () => {
        killed();
        return new Promise(() => {});
      });
    });
    expect(await stateOf(place.swarm, 'web')).toMatchObject({ mode: { Replicated: { Replicas: 0 } } });
    await stopped.backup(place.volume('files'), kept.writer);
    expect(await stateOf(place.swarm, 'web')).toEqual(service);
  });

  test('stays off when it was off', async () => {
    await startUser(place.volume('files'), 'batch', { replicas: 0 });
    const service = await stateOf(place.swarm, 'batch');
    await stopped.backup(place.volume('files'), kept.writer);
    expect(await stateOf(place.swarm, 'batch')).toEqual(service);
    await place.volume('files').node.engine.services.remove('batch');
  });

  test('is refused when it is global, and when somebody outside of the swarm uses the volume', async () => {
    await startUser(place.volume('shared'), 'agent', { global: true });
    await inVolume(place.volume('shared'), ['touch', '/data/file']);
    const agent = await stateOf(place.swarm, 'agent');
    const refused = await findingOf(stopped.backup(place.volume('shared'), kept.writer));
    expect(refused).toMatchObject({ code: 'not-pausable', message: expect.stringContaining('agent') });
    expect(await stateOf(place.swarm, 'agent')).toEqual(agent);

    const service = await stateOf(place.swarm, 'web');
    const { node, swarm } = place.volume('files');
    const stranger = await node.engine.containers.create({
      name: 'stranger',
      Image: swarm.imageOf('toolbox'),
      Entrypoint: ['sleep', 'infinity'],
      HostConfig: { Binds: ['files:/data'], Init: true },
    });
    await node.engine.containers.start(stranger);
    const used = await findingOf(stopped.backup(place.volume('files'), kept.writer));
    await node.engine.containers.remove(stranger);
    expect(used).toMatchObject({ code: 'volume-in-use', message: expect.stringContaining('stranger') });
    expect(await stateOf(place.swarm, 'web')).toEqual(service);
  });
});

describe('bad input', () => {
  test('a volume that is not there, or empty', async () => {
    const missing = await findingOf(live.backup(place.volume('missing'), kept.writer));
    expect(missing).toMatchObject({ code: 'no-volume', hint: expect.stringContaining('prefix') });
    expect((await place.volume('missing').node.engine.volumes.list()).map(({ Name }) => Name)).not.toContain(
      'missing',
    );
    await place.volume('empty').node.engine.volumes.create({ Name: 'empty' });
    for (const method of [live, stopped, archive])
      expect(await findingOf(method.backup(place.volume('empty'), kept.writer))).toMatchObject({
        code: 'empty-volume',
      });
  });

  test('a file that shrinks while it is read: the engine says nothing, the backup does', async () => {
    const volume = place.volume('shrinking');
    await seed(volume, { files: 0, largeMiB: 96 });
    const torn = live.backup(volume, {
      ...kept.writer,
      put: async (_file, content) => {
        for await (const _chunk of content) {
          await inVolume(volume, ['truncate', '--size=1M', '/data/large']);
          await buffer(content);
        }
      },
    });
    expect(await findingOf(torn)).toMatchObject({ code: 'torn-archive' });
  });

  test('an artifact that was cut, even between two files, or with a bit turned in a header', async () => {
    await live.backup(place.volume('files'), kept.writer);
    const whole = await readFile(kept.path(FILE));
    const restoring = () => findingOf(live.restore(kept.reader(claim), place.volume('damaged')));

    await truncate(kept.path(FILE), 1_000_000);
    expect(await restoring()).toMatchObject({ code: 'torn-archive' });
    await truncate(kept.path(FILE), 512);
    expect(await restoring()).toMatchObject({ code: 'torn-archive' });
    await writeFile(kept.path(FILE), '');
    expect(await restoring()).toMatchObject({
      code: 'torn-archive',
      message: expect.stringContaining('nothing'),
    });
    const turned = Buffer.from(whole);
    turned.writeUInt8(turned.readUInt8(100) ^ 1, 100);
    await writeFile(kept.path(FILE), turned);
    expect(await restoring()).toMatchObject({ code: 'torn-archive' });
    // Nothing may start on half of it.
    expect(await inVolume(place.volume('damaged'), ['ls', '-A', '/data'])).toBe('');
  });

  test('no room on the target, for a tar of the engine and one of GNU', async () => {
    const { engine } = place.volume('').node;
    await engine.volumes.create({ Name: 'tiny', ...tiny });
    for (const method of [live, archive]) {
      const taken = await method.backup(place.volume('files'), kept.writer);
      const full = await findingOf(method.restore(kept.reader(taken), place.volume('tiny')));
      expect(`${String(full.cause)} ${full.output}`).toMatch(/no space left on device/i);
    }
  });

  test('an artifact that can not be read to its end is told in the words of the vault', async () => {
    const words = finding('no key opens it', { code: 'artifact-unreadable' });
    const broken = async function* () {
      yield Buffer.alloc(0);
      throw words;
    };
    const artifact = {
      ...kept.reader(claim),
      open: () => Readable.from(broken(), { objectMode: false }),
      pipeTo: () => Promise.reject(words),
    };
    for (const method of [live, archive])
      expect(await findingOf(method.restore(artifact, place.volume('unread')))).toMatchObject({
        message: expect.stringContaining('no key opens it'),
      });
  });

  test('half a restore that can not be taken away again is told, after what broke it', async () => {
    const volume = place.volume('stuck');
    const { node, name } = volume;
    const broken = restoreIntoEmptyVolume(volume, claim, async () => {
      const { Mountpoint } = await node.engine.volumes.inspect(name);
      // What something is mounted on can't be removed.
      await node.exec(['sh', '-euc', 'touch "$0"; mount --bind /etc/hostname "$0"', `${Mountpoint}/half`]);
      throw new Error('the vault is gone');
    });
    expect(await findingOf(broken)).toMatchObject({
      code: 'volume-not-emptied',
      message: expect.stringMatching(/^the vault is gone; and then the volume stuck on manager-1/),
      output: expect.stringContaining('half'),
      hint: expect.stringContaining('docker volume rm stuck'),
    });
  });

  test('a volume that has files already is left as it is', async () => {
    const taken = await live.backup(place.volume('files'), kept.writer);
    const refused = await findingOf(live.restore(kept.reader(taken), place.volume('files')));
    expect(refused).toMatchObject({ code: 'volume-not-empty' });
    expect(await lostAspects(before, await readManifest(place.volume('files')))).toEqual([]);
  });
});
