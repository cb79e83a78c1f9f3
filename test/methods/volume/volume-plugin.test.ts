// The volume plugin: a driver with snapshots on a real engine, used by a service, backed up, and restored on a new swarm.
import { readFile, writeFile } from 'node:fs/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { outputOf } from '../../../src/lab/engine/process.ts';
import type { ArtifactWriter } from '../../../src/model/method.ts';
import type { Volume } from '../../../src/method/container/volume.ts';
import { volumeArchive } from '../../../src/method/volume/volume-archive.ts';
import { volumePlugin } from '../../../src/method/volume/volume-plugin.ts';
import {
  installSnapshotPlugin,
  SNAPSHOT_DRIVER,
  SNAPSHOT_STATE,
} from '../../../fixtures/volume-plugin/install.ts';
import { seconds } from '../../../src/support/clock.ts';
import { waitUntil } from '../../../src/support/poll.ts';
import { useMethodLab, withFlippedBit } from '../../support/method-lab.ts';
import {
  expectedLosses,
  findingOf,
  inVolume,
  lostAspects,
  readManifest,
  seed,
  startUser,
  stateOf,
} from '../../support/volumes.ts';

const plugin = volumePlugin({ driver: SNAPSHOT_DRIVER });
const FILE = 'volume.tar.zst';

const createVolume = ({ node, name }: Volume, options: Record<string, string> = {}) =>
  node.engine.volumes.create({ Name: name, Driver: SNAPSHOT_DRIVER, DriverOpts: options });

const site = useMethodLab('volume-plugin', async ({ volume }) => {
  const files = volume('files');
  await installSnapshotPlugin(files.node);
  await createVolume(files);
  const before = await seed(files);
  await startUser(files, 'web', { driver: SNAPSHOT_DRIVER });
  return { before };
});

const here = () => site.volume('').node.engine;
const make = (name: string, options?: Record<string, string>) => createVolume(site.volume(name), options);
const volumes = async () => (await here().volumes.list()).map(({ Name }) => Name);
/** Also while it is in use. */
const disable = () => site.volume('').node.exec(['docker', 'plugin', 'disable', '--force', SNAPSHOT_DRIVER]);
const lost = async (name: string) => lostAspects(site.prepared.before, await readManifest(site.volume(name)));

describe('the driver', () => {
  test('takes a read-only snapshot, and creates a writable volume from one', async () => {
    await make('moving');
    const first = await seed(site.volume('moving'), { files: 10, largeMiB: 1 });
    await make('monday', { 'snapshot-of': 'moving' });
    await inVolume(site.volume('moving'), ['sh', '-c', 'rm -r /data/links; echo new >/data/large']);
    await make('of-monday', { from: 'monday' });
    for (const name of ['monday', 'of-monday'])
      // It copies with cp.
      expect(await lostAspects(first, await readManifest(site.volume(name)))).toEqual(['file flags']);
    await inVolume(site.volume('of-monday'), ['rm', '/data/large']);
    await expect(inVolume(site.volume('monday'), ['rm', '/data/large'])).rejects.toThrow(
      'Read-only file system',
    );
    for (const name of ['moving', 'monday', 'of-monday']) await removed(name);
    expect(await volumes()).toEqual(['files']);
  });

  test('refuses unknown options and bad names', async () => {
    await expect(make('x', { size: '1g' })).rejects.toThrow(
      'expected no option, or one of snapshot-of and from',
    );
    await expect(make('x', { from: 'files' })).rejects.toThrow('files is not a snapshot');
    await expect(make('x', { 'snapshot-of': 'nothing' })).rejects.toThrow('there is no volume nothing');
    await expect(make('../../etc')).rejects.toThrow('expected a name of letters');
    expect(await volumes()).toEqual(['files']);
  });

  test('removes a copy that the engine no longer waits for', async () => {
    await make('big');
    await seed(site.volume('big'), { files: 0, largeMiB: 64 });
    const { node } = site.volume('');
    const socket = (await node.exec(['sh', '-c', 'ls /run/docker/plugins/*/snapshots.sock'])).trim();
    const impatient = `
import json, os, socket, time
body = json.dumps({"Name": "late", "Opts": {"snapshot-of": "big"}}).encode()
engine = socket.socket(socket.AF_UNIX)
engine.connect("/snapshots.sock")
engine.sendall(b"POST /VolumeDriver.Create HTTP/1.0\\r\\nContent-Length: %d\\r\\n\\r\\n" % len(body) + body)
while not os.path.exists("/state/.making-late"):
    time.sleep(0.001)`;
    const { exitCode } = await outputOf(
      await node.startTool({
        argv: ['timeout', '30', 'python3', '-c', impatient],
        volumes: { [socket]: '/snapshots.sock', [SNAPSHOT_STATE]: '/state:ro' },
      }),
    );
    expect(exitCode).toBe(0);
    await waitUntil('the copy to be made', async () => {
      const list = await node.exec(['ls', '-A', SNAPSHOT_STATE]);
      return list.includes('late') ? { notYet: list } : { done: true };
    });
    expect(await volumes()).toEqual(['big', 'files']);
    await removed('big');
  });

  test('keeps the service on its volume through a restart of the engine and a kill of the driver', async () => {
    const service = await stateOf(site.swarm, 'web');
    const stopped = await site.volume('').node.stop();
    site.swarm.replace(await stopped.start());
    await site.swarm.ready();
    await site.swarm.converged();
    expect(await stateOf(site.swarm, 'web')).toEqual(service);
    expect(await lost('files')).toEqual([]);

    await site.volume('').node.exec(['pkill', '-KILL', '-f', 'plugin/[d]river.py']);
    await waitUntil('the driver to be started again', async () => ({ done: await lost('files') }));
    expect(await lost('files')).toEqual([]);
  });
});

describe('backup', () => {
  test('starts the stopped service again before the data is transferred', async () => {
    const service = await stateOf(site.swarm, 'web');
    const during: unknown[] = [];
    await volumePlugin({ whileStopped: true }).backup(site.volume('files'), {
      ...site.kept.writer,
      pipeFrom: async (file, end) => {
        during.push(await stateOf(site.swarm, 'web'));
        await site.kept.writer.pipeFrom(file, end);
      },
    });
    expect(during).toEqual([service]);
    expect(await stateOf(site.swarm, 'web')).toEqual(service);
    expect(await volumes()).toEqual(['files']);
  });

  test('removes the snapshot when the reader is killed', async () => {
    const service = await stateOf(site.swarm, 'web');
    await make('big');
    await seed(site.volume('big'), { files: 0, largeMiB: 96 });
    const killing: ArtifactWriter = {
      ...site.kept.writer,
      pipeFrom: async (file, end) => {
        const [snapshot = ''] = Object.keys(end.volumes);
        const killed = waitUntil('the reader to be killed', async () => {
          const [reader] = await here().containers.list({ filters: { volume: [snapshot] } });
          return reader ? { done: await here().containers.kill(reader.Id) } : { notYet: 'there is none' };
        });
        await Promise.all([site.kept.writer.pipeFrom(file, end), killed]);
      },
    };
    const killed = await findingOf(plugin.backup(site.volume('big'), killing));
    expect(killed).toMatchObject({ code: 'tar-failed', message: 'tar: exit code 137' });
    await removed('big');
    expect(await volumes()).toEqual(['files']);
    expect(await stateOf(site.swarm, 'web')).toEqual(service);
  });
});

describe('restore', () => {
  test.for<{ harm: string; change: (whole: Buffer) => Buffer; output: string }>([
    {
      harm: 'is truncated',
      change: (whole) => whole.subarray(0, whole.length / 2),
      output: 'Unexpected EOF',
    },
    { harm: 'has a flipped bit', change: (whole) => withFlippedBit(whole, 0), output: '' },
  ])('refuses an artifact that $harm, and leaves the volume empty', async ({ change, output }) => {
    const taken = await plugin.backup(site.volume('files'), site.kept.writer);
    await writeFile(site.kept.path(FILE), change(await readFile(site.kept.path(FILE))));
    const damaged = site.volume('damaged');
    expect(await findingOf(plugin.restore(site.kept.reader(taken), damaged))).toMatchObject({
      code: 'tar-failed',
      output: expect.stringContaining(output),
    });
    expect(await inVolume(damaged, ['ls', '-A', '/data'])).toBe('');
    await removed('damaged');
  });

  test('restores a lost node once the plugin is installed on the new one', async () => {
    const taken = await plugin.backup(site.volume('files'), site.kept.writer);
    await site.replaceNode();
    expect(await findingOf(plugin.restore(site.kept.reader(taken), site.volume('files')))).toMatchObject({
      code: 'no-plugin',
      message: expect.stringContaining('missing'),
    });
    await startUser(site.volume('files'), 'web', { driver: SNAPSHOT_DRIVER, wait: false });
    await waitUntil('Swarm to report why no task starts', async () => {
      const [task] = (await here().tasks.list({ service: ['web'] })) as {
        Status: { Err?: string };
      }[];
      return task?.Status.Err?.includes('plugin')
        ? { done: true }
        : { notYet: task?.Status.Err ?? 'nothing yet' };
    });

    await installSnapshotPlugin(site.volume('').node);
    await plugin.restore(site.kept.reader(taken), site.volume('files'));
    await site.swarm.converged(seconds(60));
    expect(await lost('files')).toEqual(await expectedLosses(plugin, site.prepared.before));
    expect((await here().volumes.inspect('files')).Driver).toBe(SNAPSHOT_DRIVER);
    expect(await stateOf(site.swarm, 'web')).toMatchObject({ running: 2 });
    expect(plugin.loses).toEqual(volumeArchive().loses);
  });
});

test('refuses a backup while the plugin is disabled', async () => {
  const { node } = site.volume('');
  onTestFinished(() => installSnapshotPlugin(node));
  await disable();
  expect(await findingOf(plugin.backup(site.volume('files'), site.kept.writer))).toMatchObject({
    code: 'no-plugin',
    message: expect.stringContaining('disabled'),
  });
});

describe('reports a full disk', () => {
  /** Gives the driver a disk of 1 MiB for the rest of the test. */
  async function shrinkDisk(): Promise<void> {
    const { node } = site.volume('');
    // An earlier test may have restored it.
    const lostBefore = await lost('files');
    onTestFinished(async () => {
      await disable();
      await node.exec(['umount', SNAPSHOT_STATE]);
      await installSnapshotPlugin(node);
      expect(await lost('files')).toEqual(lostBefore);
    });
    await disable();
    await node.exec(['mount', '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', SNAPSHOT_STATE]);
    await installSnapshotPlugin(node);
  }

  test('during a restore', async () => {
    const taken = await plugin.backup(site.volume('files'), site.kept.writer);
    await shrinkDisk();
    expect(await findingOf(plugin.restore(site.kept.reader(taken), site.volume('tiny')))).toMatchObject({
      code: 'tar-failed',
      output: expect.stringContaining('No space left on device'),
    });
    await removed('tiny');
  });

  test('during a snapshot, and leaves none', async () => {
    await shrinkDisk();
    await make('tiny');
    await inVolume(site.volume('tiny'), ['dd', 'if=/dev/urandom', 'of=/data/file', 'bs=1k', 'count=600']);
    const noRoom = await findingOf(plugin.backup(site.volume('tiny'), site.kept.writer));
    expect(noRoom).toMatchObject({ code: 'snapshot-failed' });
    expect(String(noRoom.cause)).toContain('No space left on device');
    expect(await volumes()).toEqual(['tiny']);
    await removed('tiny');
  });
});

/** Retries: the engine removes the container that used the volume a moment later. */
const removed = (name: string) =>
  waitUntil(`${name} to be free`, async () => {
    await here().volumes.remove(name);
    return { done: true };
  });
