// Checks of mounted volumes, without a volume: which facts are a difference, and which are not.
import { expect, test } from 'vitest';
import { writtenPaths } from '../../../../src/check/volumes/data-in-volumes.ts';
import { volumeDifferences, type MountedVolume } from '../../../../src/check/volumes/mounted-volumes.ts';
import { volumesPinned } from '../../../../src/check/volumes/pinned.ts';
import type { ServiceMount } from '../../../../src/lab/engine/api.ts';
import { createInMemorySwarm } from '../../../support/in-memory-swarm.ts';

const was: MountedVolume = {
  volume: 'shop_files',
  driver: 'local',
  copies: 1,
  owner: '1000:1000',
  mode: '0750',
  entries: 12,
  isWritable: true,
  unreadable: 0,
  unwritable: 2,
};

test('finds an unchanged volume equal, also with other data in it', () => {
  expect(volumeDifferences(was, { ...was, entries: 9, unwritable: 0 })).toEqual([]);
});

test.for<[Partial<MountedVolume>, RegExp]>([
  [{ volume: 'anonymous' }, /^volume: expected shop_files, got anonymous$/],
  [{ driver: 'nfs' }, /^driver: /],
  [{ owner: '0:0' }, /^owner of its root directory: expected 1000:1000, got 0:0$/],
  [{ mode: '0755' }, /^mode of its root directory: expected 0750, got 0755$/],
  [{ entries: 0 }, /^is empty \(12 entries before\)$/],
  [{ isWritable: false }, /can't create files in its root directory/],
  [{ unreadable: 1 }, /can't read 1 of 12 entries \(0 before\)/],
  [{ unwritable: 12 }, /can't write 12 of 12 entries \(2 before\)/],
  [{ copies: 2 }, /^volume shop_files exists on 2 nodes \(1 before\)/],
])('finds %o', ([changed, sentence]) => {
  expect(volumeDifferences(was, { ...was, ...changed })).toEqual([expect.stringMatching(sentence)]);
});

test('finds a volume that no running task mounts', () => {
  expect(volumeDifferences(was, undefined)).toEqual(['no running task mounts a volume there']);
});

test('lists what a container wrote, without mounts, directories on the path to them and ephemeral files', () => {
  const changed = (Path: string, Kind: 0 | 1 | 2 = 1) => ({ Path, Kind });
  const changes = [
    changed('/srv', 0),
    changed('/srv/files'),
    changed('/app'),
    changed('/app/web.py'),
    changed('/data'),
    changed('/data/a'),
    changed('/data/b', 0),
    changed('/data/gone', 2),
    changed('/tmp', 0),
    changed('/tmp/x'),
    changed('/tmpfiles'),
  ];
  expect(writtenPaths(changes, ['/srv/files', '/app/web.py', '/tmp'])).toEqual([
    '/data/a',
    '/data/b',
    '/tmpfiles',
  ]);
});

interface Deployed {
  readonly constraints?: readonly string[];
  readonly mount?: ServiceMount;
  readonly mode?: object;
}

const VOLUME: ServiceMount = { Type: 'volume', Source: 'data', Target: '/data' };

async function observePinned({ constraints = [], mount = VOLUME, mode }: Deployed) {
  const { swarm, engine } = createInMemorySwarm({}, { workers: 2 });
  await engine.services.create({
    Name: 'db',
    Mode: mode ?? { Replicated: { Replicas: 1 } },
    TaskTemplate: {
      ContainerSpec: { Image: 'server', Mounts: [mount] },
      Placement: { Constraints: constraints },
    },
  });
  return volumesPinned(swarm).observe();
}

test('finds a service that may start where its volume is not', async () => {
  expect(await observePinned({})).toEqual({
    compared: 1,
    differences: [
      'db: may start on manager-1, worker-1, worker-2, and finds an empty data on all but one of them',
    ],
  });
  expect(await observePinned({ constraints: ['node.role == worker'] })).toMatchObject({
    differences: [expect.stringContaining('worker-1, worker-2')],
  });
});

test('finds a service that may start nowhere', async () => {
  expect(await observePinned({ constraints: ['node.labels.data == here'] })).toMatchObject({
    differences: [expect.stringContaining('no active node meets its constraints')],
  });
});

test('accepts a service with one node, and compares none whose volumes are not tied to a node', async () => {
  expect(await observePinned({ constraints: ['node.hostname == worker-2'] })).toMatchObject({
    compared: 1,
    differences: [],
  });
  const elsewhere: Deployed[] = [
    { mode: { Global: {} } },
    { mount: { ...VOLUME, Source: 'data-{{.Node.Hostname}}' } },
    { mount: { ...VOLUME, VolumeOptions: { DriverConfig: { Name: 'plugin' } } } },
    { mount: { ...VOLUME, VolumeOptions: { DriverConfig: { Options: { type: 'nfs' } } } } },
    { mount: { Type: 'bind', Source: '/srv', Target: '/data' } },
  ];
  for (const one of elsewhere)
    expect(await observePinned(one)).toMatchObject({ compared: 0, differences: [] });
});
