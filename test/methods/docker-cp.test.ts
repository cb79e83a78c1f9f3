// docker cp: what comes back and what does not, and what is refused. What needs no engine is tested in src/method/volume.
import { readFile, truncate, writeFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { dockerCp } from '../../src/method/volume/docker-cp.ts';
import { volumeArchive } from '../../src/method/volume/volume-archive.ts';
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
  type FileManifest,
  type TestSite,
} from '../support/volumes.ts';

const live = dockerCp();
const stopped = dockerCp({ whileStopped: true });
const archive = volumeArchive();
const FILE = 'volume.tar.zst';
let site: TestSite;
let before: FileManifest;
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

describe('refuses', () => {
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
});
