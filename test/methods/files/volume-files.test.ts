// Every method of volumes on the same awkward files, with a real vault: what comes back is everything but the declared limits, and a
// restore that is short of what was backed up is a finding.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { installSnapshotPlugin, SNAPSHOT_DRIVER } from '../../../fixtures/volume-plugin/install.ts';
import { inspectVolume, type Volume, type VolumeMethod } from '../../../src/method/container/volume.ts';
import * as methods from '../../../src/method/methods.ts';
import { Scope } from '../../../src/support/scope.ts';
import { Vault, type Kept } from '../../../src/vault/vault.ts';
import {
  createTinyVolume,
  entryOf,
  expectedLosses,
  findingOf,
  inVolume,
  lostAspects,
  openTestSite,
  readManifest,
  seed,
  type FileManifest,
  type TestSite,
} from '../../support/volumes.ts';

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
      await expectedLosses(method, before),
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

/** A file that is immutable and one that is append-only, on a file system in memory, which goes with the node. */
const PROTECT = `import fcntl, os, struct
for name, flag in (('immutable', 0x10), ('append-only', 0x20)):
    file = os.open(f'/data/{name}', os.O_CREAT | os.O_RDWR, 0o644)
    os.write(file, name.encode())
    fcntl.ioctl(file, 0x40086602, struct.pack('q', flag))`;

describe('immutable and append-only files', () => {
  let locked: Volume;
  let manifest: FileManifest;
  beforeAll(async () => {
    locked = site.volume('locked');
    const { node, swarm } = locked;
    await createTinyVolume(locked);
    const protect = ['python3', '-c', PROTECT];
    const run = ['docker', 'run', '--rm', '--privileged', '--network', 'none', '--volume', 'locked:/data'];
    await node.exec([...run, swarm.imageOf('toolbox'), ...protect]);
    manifest = await readManifest(locked);
    expect(await entryOf(manifest, 'immutable')).toMatchObject({ flags: 'i' });
  });

  const onLocalVolumes = METHODS.filter(({ name }) => !name.startsWith('volume plugin'));
  test.for(onLocalVolumes)('come back without this protection, as declared: $name', async (method) => {
    const restored = nextVolume();
    // As it is, since the definition that was backed up has a device.
    await createTinyVolume(restored);
    await (await vault.keep(method, locked)).restoreInto(restored);
    expect(await lostAspects(manifest, await readManifest(restored))).toEqual(
      await expectedLosses(method, manifest),
    );
  });
});

test('a hole of 20 GiB takes no room, neither at the vault nor in the restored volume', async () => {
  const volume = site.volume('holes');
  const size = 20 * 2 ** 30;
  await inVolume(volume, ['sh', '-euc', `cd /data; truncate -s ${size} hole; printf end >>hole`]);
  const method = methods.volumeArchive();
  const restored = nextVolume();
  await (await vault.keep(method, volume)).restoreInto(restored);
  const measured = await inVolume(restored, [
    'sh',
    '-c',
    'stat -c %s /data/hole; du -k /data/hole; tail -c 3 /data/hole',
  ]);
  const [bytes, used, end] = measured.split('\n');
  expect({ bytes, end }).toEqual({ bytes: String(size + 3), end: 'end' });
  expect(parseInt(used ?? '', 10)).toBeLessThan(1024);
});
