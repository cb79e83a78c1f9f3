// docker cp: what comes back and what does not, and that stopped services run again in every case.
import { readFile, truncate, writeFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { dockerCp } from '../../src/method/volume/docker-cp.ts';
import { withServicesStopped } from '../../src/method/container/stop-services.ts';
import { volumeArchive } from '../../src/method/volume/volume-archive.ts';
import { restoreIntoEmptyVolume } from '../../src/method/container/empty-volume.ts';
import { finding } from '../../src/support/errors.ts';
import { withTrace } from '../../src/support/trace.ts';
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
let site: TestSite;
let before: Manifest;
let kept: ArtifactStore;

beforeAll(async () => {
  site = await openTestSite('docker-cp');
  before = await seed(site.volume('files'));
  await startUser(site.volume('files'), 'web');
});
afterAll(() => site[Symbol.asyncDispose]());
beforeEach(async () => {
  kept = await openArtifactStore();
  return () => kept[Symbol.asyncDispose]();
});

const claim = { volume: 'files', labels: {} };
const tiny = { Driver: 'local', DriverOpts: { type: 'tmpfs', device: 'tmpfs', o: 'size=1m' } };

describe('what comes back', () => {
  test('loses exactly the declared aspects, and does not touch the running service', async () => {
    const service = await stateOf(site.swarm, 'web');
    const taken = await live.backup(site.volume('files'), kept.writer);
    await live.restore(kept.reader(taken), site.volume('live'));
    const after = await readManifest(site.volume('live'));
    expect(await lostAspects(before, after)).toEqual(live.loses);
    // File capabilities are the only attribute that the engine keeps.
    expect(await entryOf(after, 'attributes/capability')).toHaveProperty([
      'attributes',
      'security.capability',
    ]);
    expect(await entryOf(after, 'attributes/user')).not.toHaveProperty('attributes');
    expect(await stateOf(site.swarm, 'web')).toEqual(service);
  });

  test('stops the service while it reads; the service runs on the restored volume', async () => {
    const service = await stateOf(site.swarm, 'web');
    const during: unknown[] = [];
    const taken = await stopped.backup(site.volume('files'), {
      ...kept.writer,
      put: async (file, content) => {
        during.push((await stateOf(site.swarm, 'web')).running);
        await kept.writer.put(file, content);
      },
    });
    expect(during).toEqual([0]);
    expect(await stateOf(site.swarm, 'web')).toEqual(service);

    await destroy(site.volume('files'), 'web');
    await stopped.restore(kept.reader(taken), site.volume('files'));
    await startUser(site.volume('files'), 'web');
    const after = await readManifest(site.volume('files'));
    expect(await lostAspects(before, after)).toEqual(stopped.loses);
    before = after;
  });

  test('loses more than a GNU tar of the same files, which loses nothing', async () => {
    const taken = await archive.backup(site.volume('files'), kept.writer);
    await archive.restore(kept.reader(taken), site.volume('tar'));
    expect(await lostAspects(before, await readManifest(site.volume('tar')))).toEqual(archive.loses);
  });
});

describe('a service that is stopped during a backup', () => {
  test('runs again when the vault refuses the backup', async () => {
    const service = await stateOf(site.swarm, 'web');
    const refused = stopped.backup(site.volume('files'), {
      ...kept.writer,
      put: () => Promise.reject(new Error('the vault is full')),
    });
    expect(await findingOf(refused)).toMatchObject({ code: 'copy-failed' });
    expect(await stateOf(site.swarm, 'web')).toEqual(service);
  });

  test('runs again when the drill is interrupted', async () => {
    const service = await stateOf(site.swarm, 'web');
    const ctrlC = new AbortController();
    const sink = { stepStarted: () => {}, stepEnded: () => {}, waiting: () => {} };
    const stopped = withTrace(sink, ctrlC.signal, () =>
      withServicesStopped(site.swarm, ['web'], async () => {
        ctrlC.abort(new Error('interrupted'));
        ctrlC.signal.throwIfAborted();
      }),
    );
    await expect(stopped).rejects.toThrow('interrupted');
    expect(await stateOf(site.swarm, 'web')).toEqual(service);
  });

  test('runs again after the next backup when a backup was killed', async () => {
    const service = await stateOf(site.swarm, 'web');
    await new Promise<void>((killed) => {
      void withServicesStopped(site.swarm, ['web'], () => {
        killed();
        return new Promise(() => {});
      });
    });
    expect(await stateOf(site.swarm, 'web')).toMatchObject({ mode: { Replicated: { Replicas: 0 } } });
    await stopped.backup(site.volume('files'), kept.writer);
    expect(await stateOf(site.swarm, 'web')).toEqual(service);
  });

  test('keeps 0 replicas when it had 0 replicas', async () => {
    await startUser(site.volume('files'), 'batch', { replicas: 0 });
    const service = await stateOf(site.swarm, 'batch');
    await stopped.backup(site.volume('files'), kept.writer);
    expect(await stateOf(site.swarm, 'batch')).toEqual(service);
    await site.volume('files').node.engine.services.remove('batch');
  });

  test('is refused when it is global, and when a container outside of the swarm uses the volume', async () => {
    await startUser(site.volume('shared'), 'agent', { global: true });
    await inVolume(site.volume('shared'), ['touch', '/data/file']);
    const agent = await stateOf(site.swarm, 'agent');
    const refused = await findingOf(stopped.backup(site.volume('shared'), kept.writer));
    expect(refused).toMatchObject({ code: 'not-pausable', message: expect.stringContaining('agent') });
    expect(await stateOf(site.swarm, 'agent')).toEqual(agent);

    const service = await stateOf(site.swarm, 'web');
    const { node, swarm } = site.volume('files');
    const stranger = await node.engine.containers.create({
      name: 'stranger',
      Image: swarm.imageOf('toolbox'),
      Entrypoint: ['sleep', 'infinity'],
      HostConfig: { Binds: ['files:/data'], Init: true },
    });
    await node.engine.containers.start(stranger);
    const used = await findingOf(stopped.backup(site.volume('files'), kept.writer));
    await node.engine.containers.remove(stranger);
    expect(used).toMatchObject({ code: 'volume-in-use', message: expect.stringContaining('stranger') });
    expect(await stateOf(site.swarm, 'web')).toEqual(service);
  });
});

describe('refuses', () => {
  test('a volume that does not exist or is empty', async () => {
    const missing = await findingOf(live.backup(site.volume('missing'), kept.writer));
    expect(missing).toMatchObject({ code: 'no-volume', hint: expect.stringContaining('prefix') });
    expect((await site.volume('missing').node.engine.volumes.list()).map(({ Name }) => Name)).not.toContain(
      'missing',
    );
    await site.volume('empty').node.engine.volumes.create({ Name: 'empty' });
    for (const method of [live, stopped, archive])
      expect(await findingOf(method.backup(site.volume('empty'), kept.writer))).toMatchObject({
        code: 'empty-volume',
      });
  });

  test('a file that shrinks while it is read, which the engine does not report', async () => {
    const volume = site.volume('shrinking');
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

  test('an artifact that is truncated, also between two files, or has a bit flipped in a header', async () => {
    await live.backup(site.volume('files'), kept.writer);
    const whole = await readFile(kept.path(FILE));
    const restoring = () => findingOf(live.restore(kept.reader(claim), site.volume('damaged')));

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
    // No service may start on half a restore.
    expect(await inVolume(site.volume('damaged'), ['ls', '-A', '/data'])).toBe('');
  });

  test('a target without room, with the tar of the engine and of GNU', async () => {
    const { engine } = site.volume('').node;
    await engine.volumes.create({ Name: 'tiny', ...tiny });
    for (const method of [live, archive]) {
      const taken = await method.backup(site.volume('files'), kept.writer);
      const full = await findingOf(method.restore(kept.reader(taken), site.volume('tiny')));
      expect(`${String(full.cause)} ${full.output}`).toMatch(/no space left on device/i);
    }
  });

  test('an artifact that can not be read to its end, with the message of the vault', async () => {
    const unreadable = finding('no key opens it', { code: 'artifact-unreadable' });
    const broken = async function* () {
      yield Buffer.alloc(0);
      throw unreadable;
    };
    const artifact = {
      ...kept.reader(claim),
      open: () => Readable.from(broken(), { objectMode: false }),
      pipeTo: () => Promise.reject(unreadable),
    };
    for (const method of [live, archive])
      expect(await findingOf(method.restore(artifact, site.volume('unread')))).toMatchObject({
        message: expect.stringContaining('no key opens it'),
      });
  });

  test('to hide half a restore that can not be removed, after the error that broke it', async () => {
    const volume = site.volume('stuck');
    const { node, name } = volume;
    const broken = restoreIntoEmptyVolume(volume, claim, async () => {
      const { Mountpoint } = await node.engine.volumes.inspect(name);
      // A mount point can't be removed.
      await node.exec(['sh', '-euc', 'touch "$0"; mount --bind /etc/hostname "$0"', `${Mountpoint}/half`]);
      throw new Error('the vault is gone');
    });
    expect(await findingOf(broken)).toMatchObject({
      code: 'volume-not-emptied',
      message: expect.stringMatching(
        /^the vault is gone; and then volume stuck: could not be emptied on manager-1/,
      ),
      output: expect.stringContaining('half'),
      hint: expect.stringContaining('docker volume rm stuck'),
    });
  });

  test('a volume that has files, and leaves it unchanged', async () => {
    const taken = await live.backup(site.volume('files'), kept.writer);
    const refused = await findingOf(live.restore(kept.reader(taken), site.volume('files')));
    expect(refused).toMatchObject({ code: 'volume-not-empty' });
    expect(await lostAspects(before, await readManifest(site.volume('files')))).toEqual([]);
  });
});
