// The volume backup companion: it stops what has its label, and what it stopped runs again, also when it fails or is killed.
import { readFile, writeFile } from 'node:fs/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { volumeCompanion } from '../../../src/method/volume/volume-companion.ts';
import { withServicesStopped } from '../../../src/method/container/stop-services.ts';
import type { ArtifactMetadata } from '../../../src/model/method.ts';
import { waitUntil } from '../../../src/support/poll.ts';
import { useMethodLab, withFlippedBit } from '../../support/method-lab.ts';
import {
  createTinyVolume,
  destroy,
  entryOf,
  expectedLosses,
  findingOf,
  inVolume,
  lostAspects,
  openTestSite,
  readManifest,
  seed,
  startUser,
  stateOf,
} from '../../support/volumes.ts';

const companion = volumeCompanion();
const FILE = 'volume.tar.zst';
const STOP = { 'docker-volume-backup.stop-during-backup': 'true' };

const site = useMethodLab('companion', async ({ volume }) => {
  await seed(volume('files'));
  await startUser(volume('files'), 'web', { labels: STOP });
});

const here = () => site.volume('').node.engine;
const web = () => stateOf(site.swarm, 'web');
const off = (service: string) =>
  waitUntil(`${service} to be stopped`, async () => {
    const { running } = await stateOf(site.swarm, service);
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

describe('what comes back', () => {
  test('loses exactly the declared aspects, and stops the service during the backup', async () => {
    const shop = site.volume('shop');
    const before = await seed(shop);
    onTestFinished(() => destroy(shop, 'shop'));
    await startUser(shop, 'shop', { labels: STOP });
    const service = await stateOf(site.swarm, 'shop');
    const [taken] = await Promise.all([companion.backup(shop, site.kept.writer), off('shop'), off('web')]);
    expect(taken['volume']).toBe('shop');
    const named = taken['stopped']?.map(({ what }) => what);
    expect(new Set(named)).toEqual(new Set(['service shop', 'service web']));
    expect(await stateOf(site.swarm, 'shop')).toEqual(service);
    expect(await companions(true)).toEqual([]);

    await destroy(shop, 'shop');
    await companion.restore(site.kept.reader(taken), shop);
    await startUser(shop, 'shop', { labels: STOP });
    const after = await readManifest(shop);
    expect(await lostAspects(before, after)).toEqual(await expectedLosses(companion, before));
    // Each name of a file with several names is now a separate file; no attribute is left.
    expect(await entryOf(after, 'links/hard-0')).not.toHaveProperty('links');
    expect(await entryOf(after, 'attributes/capability')).not.toHaveProperty('attributes');
  });

  test('does not stop a service without the label', async () => {
    await inVolume(site.volume('other'), ['touch', '/data/file']);
    await startUser(site.volume('other'), 'busy');
    onTestFinished(() => destroy(site.volume('other'), 'busy'));
    const containers = async () =>
      (await here().containers.list({ filters: { label: ['com.docker.swarm.service.name=busy'] } }))
        .map(({ Id }) => Id)
        .sort();
    const before = await containers();
    await companion.backup(site.volume('other'), site.kept.writer);
    expect(before).toHaveLength(2);
    expect(await containers()).toEqual(before);
  });

  test('stops a labelled container outside of any service, and starts it again', async () => {
    const single = await here().containers.create({
      name: 'single',
      Image: site.swarm.imageOf('toolbox'),
      Entrypoint: ['sleep', 'infinity'],
      Labels: STOP,
      HostConfig: { Init: true },
    });
    onTestFinished(() => here().containers.remove(single));
    await here().containers.start(single);
    const { State } = await here().containers.inspect(single);
    await companion.backup(site.volume('files'), site.kept.writer);
    const again = await here().containers.inspect(single);
    expect(again.State.Running).toBe(true);
    expect(again.State.StartedAt > State.StartedAt).toBe(true);
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
    onTestFinished(async () => {
      await inVolume(site.volume('files'), ['rm', '/data/holes']);
    });
    const killed = findingOf(companion.backup(site.volume('files'), site.kept.writer));
    await off('web');
    const [running] = await companions(false);
    await here().containers.kill(running?.Id ?? '');
    expect(await killed).toMatchObject({
      code: 'companion-failed',
      message: 'the companion exited with code 137 and left web stopped',
    });
    expect(await web()).toEqual(service);
    expect(await companions(true)).toEqual([]);
  });

  test('when the vault refuses the archive', async () => {
    const service = await web();
    const refusing = { ...site.kept.writer, put: () => Promise.reject(new Error('the vault is full')) };
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
  await companion.backup(site.volume('files'), site.kept.writer);
  expect(await web()).toEqual(service);
});

describe('refuses', () => {
  test('a labelled global service', async () => {
    onTestFinished(() => destroy(site.volume('agents'), 'agent'));
    await startUser(site.volume('agents'), 'agent', { global: true, labels: STOP });
    const refused = await findingOf(companion.backup(site.volume('files'), site.kept.writer));
    expect(refused).toMatchObject({ code: 'not-pausable', message: expect.stringContaining('agent') });
    expect(await runByHand('size=200m')).toContain('agent: only a replicated service can be stopped');
  });

  test('labelled tasks that Swarm would replace', async () => {
    onTestFinished(() => destroy(site.volume('tasks'), 'tasks'));
    await startUser(site.volume('tasks'), 'tasks', { containerLabels: STOP });
    const tasks = await findingOf(companion.backup(site.volume('files'), site.kept.writer));
    expect(tasks).toMatchObject({
      code: 'companion-failed',
      output: expect.stringContaining('label the service, not its containers'),
    });
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
    await using place = await openTestSite('companion-worker');
    await place.swarm.join({ workers: 1 });
    const volume = { ...place.volume('far'), node: place.swarm.node('worker-1') };
    await inVolume(volume, ['touch', '/data/file']);
    expect(await companion.backup(volume, site.kept.writer)).toMatchObject({ stopped: [] });
    await startUser(volume, 'far', { labels: STOP });
    const refused = await findingOf(companion.backup(volume, site.kept.writer));
    expect(refused).toMatchObject({
      code: 'companion-not-on-manager',
      message: 'worker-1 is a worker: the companion can stop far only from a manager',
    });
  });
});

describe('reports a restore that fails', () => {
  const restoring = (taken: ArtifactMetadata, name: string) =>
    findingOf(companion.restore(site.kept.reader(taken), site.volume(name)));

  test('because the target has no room', async () => {
    const taken = await companion.backup(site.volume('files'), site.kept.writer);
    await createTinyVolume(site.volume('tiny'));
    expect(await restoring(taken, 'tiny')).toMatchObject({
      code: 'tar-failed',
      output: expect.stringContaining('No space left on device'),
    });
  });

  test.for<{ harm: string; change: (whole: Buffer) => Buffer }>([
    { harm: 'is truncated', change: (whole) => whole.subarray(0, 1_000_000) },
    { harm: 'has a flipped bit', change: (whole) => withFlippedBit(whole, 0) },
  ])('because the artifact $harm', async ({ change }) => {
    const taken = await companion.backup(site.volume('files'), site.kept.writer);
    await writeFile(site.kept.path(FILE), change(await readFile(site.kept.path(FILE))));
    expect(await restoring(taken, 'damaged')).toMatchObject({ code: 'tar-failed' });
    expect(await inVolume(site.volume('damaged'), ['ls', '-A', '/data'])).toBe('');
  });
});
