// Every method of volumes on the same awkward files, with a real vault: what comes back is everything but the declared limits, and a
// restore that is short of what was backed up is a finding.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { installSnapshotPlugin, SNAPSHOT_DRIVER } from '../../fixtures/volume-plugin/install.ts';
import { inspectVolume, type Volume, type VolumeMethod } from '../../src/method/container/volume.ts';
import * as methods from '../../src/method/methods.ts';
import { FILE_ASPECTS } from '../../src/model/aspect.ts';
import { Scope } from '../../src/support/scope.ts';
import { Vault, type Kept } from '../../src/vault/vault.ts';
import {
  findingOf,
  inVolume,
  lostAspects,
  openTestSite,
  readManifest,
  seed,
  type FileManifest,
  type TestSite,
} from '../support/volumes.ts';

const METHODS = [
  methods.volumeArchive(),
  methods.dockerCp(),
  methods.rsync(),
  methods.rsync({ preserve: 'all' }),
  methods.restic(),
  methods.restic({ via: 's3' }),
  methods.borg(),
  methods.volumeCompanion(),
  methods.volumePlugin(),
];

const scope = new Scope();
let site: TestSite;
let vault: Vault;
let files: Volume;
let snapshots: Volume;
let before: FileManifest;

beforeAll(async () => {
  site = await openTestSite('volume-files');
  [files, snapshots] = [site.volume('files'), site.volume('snapshots')];
  const { node } = files;
  await Promise.all([
    Vault.open(site.swarm.site, scope, () => {}, { objectStore: true }).then((opened) => (vault = opened)),
    installSnapshotPlugin(node)
      .then(() => node.engine.volumes.create({ Name: 'snapshots', Driver: SNAPSHOT_DRIVER }))
      .then(() => seed(snapshots)),
    seed(files).then((manifest) => (before = manifest)),
  ]);
});
afterAll(async () => {
  await scope[Symbol.asyncDispose]();
  await site[Symbol.asyncDispose]();
});

const sourceOf = ({ name }: VolumeMethod): Volume => (name.startsWith('volume plugin') ? snapshots : files);

/** A backup of each method, made when a test first asks for it. */
const backups = new Map<VolumeMethod, Promise<Kept<Volume, void>>>();
const NOTHING = { entries: 0, bytes: 0 };
/** What a restore adds to the numbers in the metadata of its artifact. */
let more = NOTHING;
function backupOf(method: VolumeMethod): Promise<Kept<Volume, void>> {
  const claiming: VolumeMethod = {
    ...method,
    restore: (artifact, volume) =>
      method.restore({ ...artifact, metadata: claimMore(artifact.metadata) }, volume),
  };
  const kept = backups.get(method) ?? vault.keep(claiming, sourceOf(method));
  backups.set(method, kept);
  return kept;
}

function claimMore(metadata: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const contents = metadata['contents'] as { entries: number; bytes: number };
  return {
    ...metadata,
    contents: {
      ...contents,
      entries: contents.entries + more.entries,
      bytes: contents.bytes + more.bytes,
    },
  };
}

let restores = 0;
const nextVolume = (): Volume => site.volume(`restored-${++restores}`);

describe.for(METHODS)('$name', (method) => {
  test('loses exactly what it declares', async () => {
    const kept = await backupOf(method);
    const volume = nextVolume();
    await kept.restoreInto(volume);
    expect(await lostAspects(before, await readManifest(volume))).toEqual(
      FILE_ASPECTS.filter((aspect) => method.loses.includes(aspect)),
    );
  });

  test('finds that less came back than the artifact says, and leaves nothing', async () => {
    const kept = await backupOf(method);
    const volume = nextVolume();
    more = { entries: 1, bytes: 100 };
    const found = await findingOf(kept.restoreInto(volume)).finally(() => (more = NOTHING));
    expect(found.code).toBe('restore-incomplete');
    const [, entries, bytes, listed, total] = SHORTFALL.exec(found.message) ?? [];
    expect([Number(listed) - Number(entries), Number(total) - Number(bytes)]).toEqual([1, 100]);
    expect(await inVolume(volume, ['ls', '-A', '/data'])).toBe('');
  });
});

const SHORTFALL = /restored (\d+) entries with (\d+) bytes \(expected (\d+) entries with (\d+) bytes\)/;

const DEVICE = '/srv/device';

describe('a volume with a device', () => {
  const options = { type: 'none', o: 'bind', device: DEVICE };
  test.for([methods.volumeArchive(), methods.dockerCp(), methods.borg()])(
    'is restored as one: $name',
    async (method) => {
      const volume = site.volume('bound');
      const { node } = volume;
      await node.exec(['mkdir', '-p', DEVICE]);
      await node.engine.volumes.create({ Name: 'bound', DriverOpts: options, Labels: { team: 'shop' } });
      await node.exec(['sh', '-c', 'echo kept >"$0/file"', DEVICE]);
      const kept = await vault.keep(method, volume);
      await node.engine.volumes.remove('bound');

      const refused = await findingOf(kept.restoreInto(volume));
      expect(refused.code).toBe('volume-not-empty');
      expect(await inspectVolume(volume)).toBeUndefined();
      await node.exec(['rm', '-r', DEVICE]);
      const unmountable = await findingOf(kept.restoreInto(volume));
      expect(unmountable).toMatchObject({
        code: 'volume-not-mounted',
        hint: expect.stringContaining(DEVICE),
      });
      expect(await inspectVolume(volume)).toBeUndefined();
      await node.engine.volumes.create({ Name: 'bound' });
      expect((await findingOf(kept.restoreInto(volume))).code).toBe('other-volume');
      await node.engine.volumes.remove('bound');

      await node.exec(['mkdir', DEVICE]);
      await kept.restoreInto(volume);
      expect(await inspectVolume(volume)).toMatchObject({ Options: options, Labels: { team: 'shop' } });
      expect(await node.exec(['cat', `${DEVICE}/file`])).toBe('kept\n');
      await node.engine.volumes.remove('bound');
      await node.exec(['rm', '-r', DEVICE]);
    },
  );
});
