// docker cp: what comes back and what does not, and what is refused. What needs no engine is tested in src/method/volume.
import { readFile, writeFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { describe, expect, onTestFinished, test } from 'vitest';
import { dockerCp } from '../../../src/method/volume/docker-cp.ts';
import { volumeArchive } from '../../../src/method/volume/volume-archive.ts';
import { useMethodLab, withFlippedBit } from '../../support/method-lab.ts';
import {
  createTinyVolume,
  destroy,
  entryOf,
  expectedLosses,
  findingOf,
  inVolume,
  lostAspects,
  readManifest,
  seed,
  startUser,
  stateOf,
} from '../../support/volumes.ts';

const live = dockerCp();
const stopped = dockerCp({ whileStopped: true });
const archive = volumeArchive();
const FILE = 'volume.tar.zst';

const site = useMethodLab('docker-cp', async ({ volume }) => {
  const before = await seed(volume('files'));
  await startUser(volume('files'), 'web');
  return { before };
});

describe('what comes back', () => {
  test('loses exactly the declared aspects, and does not touch the running service', async () => {
    const service = await stateOf(site.swarm, 'web');
    const taken = await live.backup(site.volume('files'), site.kept.writer);
    await live.restore(site.kept.reader(taken), site.volume('live'));
    const after = await readManifest(site.volume('live'));
    expect(await lostAspects(site.prepared.before, after)).toEqual(
      await expectedLosses(live, site.prepared.before),
    );
    // File capabilities are the only attribute that the engine keeps.
    expect(await entryOf(after, 'attributes/capability')).toHaveProperty([
      'attributes',
      'security.capability',
    ]);
    expect(await entryOf(after, 'attributes/user')).not.toHaveProperty('attributes');
    expect(await stateOf(site.swarm, 'web')).toEqual(service);
  });

  test('stops the service while it reads; the service runs on the restored volume', async () => {
    const shop = site.volume('shop');
    const filled = await seed(shop);
    await startUser(shop, 'shop');
    const service = await stateOf(site.swarm, 'shop');
    const during: unknown[] = [];
    const taken = await stopped.backup(shop, {
      ...site.kept.writer,
      put: async (file, content) => {
        during.push((await stateOf(site.swarm, 'shop')).running);
        await site.kept.writer.put(file, content);
      },
    });
    // The files, and the list of them.
    expect(during).toEqual([0, 0]);
    expect(await stateOf(site.swarm, 'shop')).toEqual(service);

    await destroy(shop, 'shop');
    await stopped.restore(site.kept.reader(taken), shop);
    await startUser(shop, 'shop');
    expect(await lostAspects(filled, await readManifest(shop))).toEqual(
      await expectedLosses(stopped, filled),
    );
    await destroy(shop, 'shop');
  });

  test('loses more than a GNU tar of the same files, which loses nothing', async () => {
    const taken = await archive.backup(site.volume('files'), site.kept.writer);
    await archive.restore(site.kept.reader(taken), site.volume('tar'));
    expect(await lostAspects(site.prepared.before, await readManifest(site.volume('tar')))).toEqual(
      await expectedLosses(archive, site.prepared.before),
    );
  });
});

describe('refuses', () => {
  test('a file that shrinks while it is read, which the engine does not report', async () => {
    const volume = site.volume('shrinking');
    await seed(volume, { files: 0, largeMiB: 96 });
    const torn = live.backup(volume, {
      ...site.kept.writer,
      put: async (_file, content) => {
        for await (const _chunk of content) {
          await inVolume(volume, ['truncate', '--size=1M', '/data/large']);
          await buffer(content);
        }
      },
    });
    expect(await findingOf(torn)).toMatchObject({ code: 'torn-archive' });
  });

  test.for<{ harm: string; change: (whole: Buffer) => Buffer; message?: string }>([
    { harm: 'is truncated', change: (whole) => whole.subarray(0, 1_000_000) },
    { harm: 'is truncated between two files', change: (whole) => whole.subarray(0, 512) },
    { harm: 'is empty', change: () => Buffer.alloc(0), message: 'nothing' },
    { harm: 'has a flipped bit in a header', change: (whole) => withFlippedBit(whole, 100) },
  ])('an artifact that $harm', async ({ change, message = '' }) => {
    const taken = await live.backup(site.volume('files'), site.kept.writer);
    await writeFile(site.kept.path(FILE), change(await readFile(site.kept.path(FILE))));
    const found = await findingOf(live.restore(site.kept.reader(taken), site.volume('damaged')));
    expect(found).toMatchObject({ code: 'torn-archive', message: expect.stringContaining(message) });
    // No service may start on half a restore.
    expect(await inVolume(site.volume('damaged'), ['ls', '-A', '/data'])).toBe('');
  });

  test.for([live, archive])('a target without room: $name', async (method) => {
    const taken = await method.backup(site.volume('files'), site.kept.writer);
    await createTinyVolume(site.volume('tiny'));
    onTestFinished(() => destroy(site.volume('tiny')));
    const full = await findingOf(method.restore(site.kept.reader(taken), site.volume('tiny')));
    expect(`${String(full.cause)} ${full.output}`).toMatch(/no space left on device/i);
  });
});
