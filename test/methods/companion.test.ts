// The volume backup companion: it stops what has its label, and what it stopped runs again, also when it fails or is killed.
import { readFile, truncate, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { volumeCompanion } from '../../src/method/volume/volume-companion.ts';
import { withServicesStopped } from '../../src/method/container/stop-services.ts';
import { waitUntil } from '../../src/support/poll.ts';
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

const companion = volumeCompanion();
const FILE = 'volume.tar.zst';
const STOP = { 'docker-volume-backup.stop-during-backup': 'true' };
let site: TestSite;
let before: FileManifest;
let kept: ArtifactStore;

const here = () => site.volume('').node.engine;
const web = () => stateOf(site.swarm, 'web');
const off = () =>
  waitUntil('web to be stopped', async () => {
    const { running } = await web();
    return running === 0 ? { done: running } : { notYet: `${running} containers run` };
  });
const companions = (all: boolean) =>
  here().containers.list({ all, filters: { ancestor: [site.swarm.imageOf('companion')] } });

/** Runs the companion by hand, with its archive on a disk of that size. */
const runByHand = (archive: string, ...more: string[]) => {
  const script = `docker run --rm --network none --tmpfs /archive:${archive} --volume files:/backup/data:ro \
    --volume /var/run/docker.sock:/var/run/docker.sock "$@" 2>&1; echo "exit code $?"`;
  const image = ['--entrypoint', '/usr/bin/backup', site.swarm.imageOf('companion')];
  return site.volume('').node.exec(['sh', '-c', script, 'sh', ...more, ...image]);
};

beforeAll(async () => {
  site = await openTestSite('companion');
  before = await seed(site.volume('files'));
  await startUser(site.volume('files'), 'web', { labels: STOP });
});
afterAll(() => site[Symbol.asyncDispose]());
beforeEach(async () => {
  kept = await openArtifactStore();
  return () => kept[Symbol.asyncDispose]();
});

describe('what comes back', () => {
  test('loses exactly the declared aspects, and stops the service during the backup', async () => {
    const service = await web();
    const [taken] = await Promise.all([companion.backup(site.volume('files'), kept.writer), off()]);
    expect(taken).toMatchObject({ volume: 'files', stopped: ['web'] });
    expect(await web()).toEqual(service);
    expect(await companions(true)).toEqual([]);

    await destroy(site.volume('files'), 'web');
    await companion.restore(kept.reader(taken), site.volume('files'));
    await startUser(site.volume('files'), 'web', { labels: STOP });
    const after = await readManifest(site.volume('files'));
    expect(await lostAspects(before, after)).toEqual(companion.loses);
    // Each name of a file with several names is now a separate file; no attribute is left.
    expect(await entryOf(after, 'links/hard-0')).not.toHaveProperty('links');
    expect(await entryOf(after, 'attributes/capability')).not.toHaveProperty('attributes');
    before = after;
  });

  test('does not stop a service without the label, but stops a labelled container outside of any service', async () => {
    await inVolume(site.volume('other'), ['touch', '/data/file']);
    await startUser(site.volume('other'), 'busy');
    const busy = await stateOf(site.swarm, 'busy');
    const single = await here().containers.create({
      name: 'single',
      Image: site.swarm.imageOf('toolbox'),
      Entrypoint: ['sleep', 'infinity'],
      Labels: STOP,
      HostConfig: { Init: true },
    });
    await here().containers.start(single);
    const { State } = await here().containers.inspect(single);
    await companion.backup(site.volume('other'), kept.writer);
    const again = await here().containers.inspect(single);
    expect(again.State.Running).toBe(true);
    expect(again.State.StartedAt > State.StartedAt).toBe(true);
    expect(await stateOf(site.swarm, 'busy')).toEqual(busy);
    await here().containers.remove(single);
    await destroy(site.volume('other'), 'busy');
  });
});

describe('what was stopped runs again', () => {
  test('when archiving fails: the companion starts it', async () => {
    const service = await web();
    const printed = await runByHand('size=1m');
    expect(printed).toContain('No space left on device');
    expect(printed).toContain('exit code 1');
    await site.swarm.converged();
    expect(await web()).toEqual(service);
  });

  test('when the companion is killed: the method starts it, and reports it', async () => {
    const service = await web();
    // Reading 4 GiB of holes takes a while.
    await inVolume(site.volume('files'), ['truncate', '--size=4G', '/data/holes']);
    const killed = findingOf(companion.backup(site.volume('files'), kept.writer));
    await off();
    const [running] = await companions(false);
    await here().containers.kill(running?.Id ?? '');
    expect(await killed).toMatchObject({
      code: 'companion-failed',
      message: 'the companion exited with code 137 and left web stopped',
    });
    expect(await web()).toEqual(service);
    expect(await companions(true)).toEqual([]);
    await inVolume(site.volume('files'), ['sh', '-c', 'rm /data/holes']);
  });

  test('when the vault refuses the archive', async () => {
    const service = await web();
    const refusing = { ...kept.writer, put: () => Promise.reject(new Error('the vault is full')) };
    await expect(companion.backup(site.volume('files'), refusing)).rejects.toThrow('the vault is full');
    expect(await web()).toEqual(service);
    expect(await companions(true)).toEqual([]);
  });
});

test('restores the replicas of a service that a killed backup of another method left stopped', async () => {
  const service = await web();
  await new Promise<void>((killed) => {
    void withServicesStopped(site.swarm, ['web'], () => {
      killed();
      return new Promise(() => {});
    });
  });
  await companion.backup(site.volume('files'), kept.writer);
  expect(await web()).toEqual(service);
});

describe('refuses', () => {
  test('a labelled global service, and labelled tasks that Swarm would replace', async () => {
    await startUser(site.volume('agents'), 'agent', { global: true, labels: STOP });
    const refused = await findingOf(companion.backup(site.volume('files'), kept.writer));
    expect(refused).toMatchObject({ code: 'not-pausable', message: expect.stringContaining('agent') });
    expect(await runByHand('size=200m')).toContain('agent: only a replicated service can be stopped');
    await destroy(site.volume('agents'), 'agent');

    await startUser(site.volume('tasks'), 'tasks', { containerLabels: STOP });
    const tasks = await findingOf(companion.backup(site.volume('files'), kept.writer));
    expect(tasks).toMatchObject({
      code: 'companion-failed',
      output: expect.stringContaining('label the service, not its containers'),
    });
    await destroy(site.volume('tasks'), 'tasks');
  });

  test('to write a plain archive where an encrypted one was requested', async () => {
    const printed = await runByHand(
      'size=200m',
      '--env',
      'AGE_PUBLIC_KEYS=age1x',
      '--env',
      'SSH_HOST_NAME=vault',
    );
    expect(printed).toContain('does not support AGE_PUBLIC_KEYS, SSH_HOST_NAME');
    expect(printed).toContain('exit code 1');
  });

  test('a volume on a worker, from which services can not be stopped', async () => {
    await site.swarm.join({ workers: 1 });
    const volume = { ...site.volume('far'), node: site.swarm.node('worker-1') };
    await inVolume(volume, ['touch', '/data/file']);
    expect(await companion.backup(volume, kept.writer)).toMatchObject({ stopped: [] });
    await startUser(volume, 'far', { labels: STOP });
    const refused = await findingOf(companion.backup(volume, kept.writer));
    expect(refused).toMatchObject({
      code: 'companion-not-on-manager',
      message: 'worker-1 is a worker: the companion can stop far only from a manager',
    });
    await here().services.remove('far');
  });
});

describe('reports a restore that fails', () => {
  test('because the artifact is truncated or has a bit flipped, or the target has no room', async () => {
    const taken = await companion.backup(site.volume('files'), kept.writer);
    const whole = await readFile(kept.path(FILE));
    await here().volumes.create({
      Name: 'tiny',
      Driver: 'local',
      DriverOpts: { type: 'tmpfs', device: 'tmpfs', o: 'size=1m' },
    });
    const restoring = (name: string) => findingOf(companion.restore(kept.reader(taken), site.volume(name)));
    expect(await restoring('tiny')).toMatchObject({
      code: 'tar-failed',
      output: expect.stringContaining('No space left on device'),
    });
    await truncate(kept.path(FILE), 1_000_000);
    expect(await restoring('damaged')).toMatchObject({ code: 'tar-failed' });
    whole.writeUInt8(whole.readUInt8(0) ^ 1, 0);
    await writeFile(kept.path(FILE), whole);
    expect(await restoring('damaged')).toMatchObject({ code: 'tar-failed' });
    expect(await inVolume(site.volume('damaged'), ['ls', '-A', '/data'])).toBe('');
  });
});
