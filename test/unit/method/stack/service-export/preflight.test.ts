import { describe, expect, test } from 'vitest';
import type { NetworkInspection, NetworkSpec, ServiceSpec } from '../../../../../src/lab/engine/api.ts';
import type { SwarmDefinition } from '../../../../../src/method/stack/service-export/swarm-definition.ts';
import {
  runPreflight,
  type RebuildConditions,
} from '../../../../../src/method/stack/service-export/preflight.ts';

import type { LocalNetwork } from '../../../../../src/method/stack/taken-networks.ts';

const empty: SwarmDefinition = {
  services: new Map(),
  networks: new Map(),
  predefined: new Set(),
  configs: new Map(),
  secrets: new Map(),
  nodes: new Map(),
  namesakes: new Map(),
};
const network = (Subnet: string, more: object = {}): NetworkSpec => ({
  Name: 'network',
  Driver: 'overlay',
  IPAM: { Config: [{ Subnet }] },
  ...more,
});
const NOTHING_THERE: RebuildConditions = {
  values: new Map(),
  localNetworks: [],
  volumes: new Map(),
  startsAtOnce: () => true,
};
const reasonsFor = (
  desired: Partial<SwarmDefinition>,
  current: Partial<SwarmDefinition> = {},
  conditions: Partial<RebuildConditions> = {},
): string[] =>
  runPreflight({ ...empty, ...desired }, { ...empty, ...current }, { ...NOTHING_THERE, ...conditions });

test('accepts an empty definition', () => {
  expect(reasonsFor({})).toEqual([]);
});

test('refuses a different or missing ingress network', () => {
  const mine = { networks: new Map([['ingress', network('10.9.0.0/24', { Ingress: true })]]) };
  expect(reasonsFor(mine)).toEqual([expect.stringContaining('docker network create --ingress')]);
  expect(
    reasonsFor(mine, { networks: new Map([['ingress', network('10.0.0.0/24', { Ingress: true })]]) }),
  ).toEqual([expect.stringMatching(/network ingress exists with another definition: IPAM\.Config/)]);
  expect(reasonsFor(mine, mine)).toEqual([]);
});

test('compares subnets that contain each other or are disjoint, for IPv4 and IPv6', () => {
  const taken = (one: string, other: string): number =>
    reasonsFor({ networks: new Map([['a', network(one)]]) }, { networks: new Map([['b', network(other)]]) })
      .length;
  expect(taken('10.1.0.0/16', '10.1.7.0/24')).toBe(1);
  expect(taken('10.1.7.0/24', '10.1.0.0/16')).toBe(1);
  expect(taken('10.1.7.0/24', '10.1.8.0/24')).toBe(0);
  expect(taken('fd00:1::/64', 'fd00:1::/80')).toBe(1);
  expect(taken('fd00:1::/64', '10.1.8.0/24')).toBe(0);
});

test('needs a value for every secret without a driver', () => {
  const secrets = new Map([
    ['driven', { Name: 'driven', Driver: { Name: 'keeper' } }],
    ['kept', { Name: 'kept' }],
  ]);
  expect(reasonsFor({ secrets })).toEqual(['no value for secret kept in the sealed file']);
});

test('refuses labels without a host, unless the host was down at the export', () => {
  const host = (ready: boolean) => ({ labels: { zone: 'a' }, availability: 'active', ready });
  expect(reasonsFor({ nodes: new Map([['gone', host(false)]]) })).toEqual([]);
  expect(
    reasonsFor({ nodes: new Map([['w', host(true)]]) }, { nodes: new Map([['w', host(false)]]) }),
  ).toEqual(['no ready node is named w, which has labels in the export']);
});

describe('a network', () => {
  const networks = new Map([['front', network('10.1.0.0/24', { Name: 'front' })]]);
  const onWorker = (one: NetworkSpec): LocalNetwork => ({
    node: 'worker-1',
    network: one as NetworkInspection,
  });

  test('is refused if a node has a local one of its name or subnet', () => {
    const bridge = network('10.9.0.0/16', { Name: 'front', Driver: 'bridge' });
    expect(reasonsFor({ networks }, {}, { localNetworks: [onWorker(bridge)] })).toEqual([
      'network front exists on worker-1 as a local network',
    ]);
    const other = network('10.1.0.0/16', { Name: 'bridge', Driver: 'bridge' });
    expect(reasonsFor({ networks }, {}, { localNetworks: [onWorker(other)] })).toEqual([
      'subnet 10.1.0.0/24 of network front is taken by the local network bridge of worker-1',
    ]);
  });

  const withTunnel = (Name: string, id: string) => ({
    Name,
    Options: { 'com.docker.network.driver.overlay.vxlanid_list': id },
  });

  test('is refused if another one has its tunnel, unless the engine may have assigned it', () => {
    const reasons = (id: string) =>
      reasonsFor(
        { networks: new Map([['front', withTunnel('front', id)]]) },
        { networks: new Map([['other', withTunnel('other', id)]]) },
      );
    expect(reasons('300')).toEqual(['vxlan id 300 of network front is taken by network other']);
    expect(reasons('4097')).toEqual([]);
  });

  test('of the same name is equal with another assigned tunnel, but not with another requested one', () => {
    const existing = (id: string) => ({ networks: new Map([['front', withTunnel('front', id)]]) });
    expect(reasonsFor(existing('4097'), existing('4098'))).toEqual([]);
    expect(reasonsFor(existing('300'), existing('4098'))).toEqual([
      expect.stringMatching(/^network front exists with another definition: Options/),
    ]);
  });
});

describe('a volume', () => {
  const LABELS = { 'com.docker.stack.namespace': 'shop' };
  const mounting = (VolumeOptions: object) => {
    const Mounts = [{ Type: 'volume', Source: 'shop_data', Target: '/data', VolumeOptions }];
    const spec: ServiceSpec = { Name: 'web', Labels: LABELS, TaskTemplate: { ContainerSpec: { Mounts } } };
    return { services: new Map([['web', spec]]) };
  };
  const onNode = (Driver: string, Options: Record<string, string> | null) => ({
    volumes: new Map([
      ['worker-1', [{ Name: 'shop_data', Driver, Options, Mountpoint: '', Labels: null }]],
      ['worker-2', []],
    ]),
  });
  const NFS = { type: 'nfs', o: 'addr=10.0.0.9,rw', device: ':/data' };
  const nfs = mounting({ Labels: LABELS, DriverConfig: { Name: 'local', Options: NFS } });

  test('is refused if a node has it without its options or with another driver', () => {
    expect(reasonsFor(nfs, {}, onNode('local', NFS))).toEqual([]);
    expect(reasonsFor(nfs, {}, onNode('local', null))).toContain(
      'volume shop_data on worker-1.Options.type: was "nfs", is nothing',
    );
    expect(reasonsFor(mounting({ Labels: LABELS }), {}, onNode('sshfs:latest', null))).toEqual([
      'volume shop_data on worker-1.Driver: was "local", is "sshfs"',
    ]);
    const plugin = mounting({ Labels: LABELS, DriverConfig: { Name: 'sshfs' } });
    expect(reasonsFor(plugin, {}, onNode('sshfs:latest', null))).toEqual([]);
  });

  test('that no stack defines must exist before its service starts', () => {
    const external = mounting({});
    expect(reasonsFor(external)).toEqual(['no volume shop_data on any node']);
    expect(reasonsFor(external, {}, { startsAtOnce: () => false })).toEqual([]);
    expect(reasonsFor(external, {}, onNode('local', NFS))).toEqual([]);
  });
});

describe('a constraint', () => {
  const constrained = (...Constraints: readonly string[]) => ({
    services: new Map([['web', { Name: 'web', TaskTemplate: { Placement: { Constraints } } }]]),
  });
  const nodes = new Map([['worker-1', { labels: {}, availability: 'active', ready: true }]]);

  test('ignores the case of a host name, as the scheduler does', () => {
    expect(reasonsFor(constrained('node.hostname==Worker-1', 'node.id == WORKER-1'), { nodes })).toEqual([]);
  });

  test('may exclude a node that does not exist, but not require it', () => {
    expect(reasonsFor(constrained('node.id!=gone', 'node.hostname != gone'), { nodes })).toEqual([]);
    expect(reasonsFor(constrained('node.id==gone'), { nodes })).toEqual([
      'cannot create service web: no ready node is named gone',
    ]);
  });

  test('is refused if it names one of several ready nodes with the same host name', () => {
    const namesakes = new Map([['worker-1', ['id-1', 'id-2']]]);
    expect(reasonsFor({ namesakes, nodes }, { nodes })).toEqual([]);
    expect(reasonsFor({ ...constrained('node.id==worker-1'), namesakes, nodes }, { nodes })).toEqual([
      '2 ready nodes of the export are named worker-1: id-1, id-2',
    ]);
    expect(reasonsFor({ ...constrained('node.id==worker-1'), nodes }, { nodes, namesakes })).toEqual([
      '2 ready nodes of the swarm are named worker-1: id-1, id-2',
    ]);
  });
});
