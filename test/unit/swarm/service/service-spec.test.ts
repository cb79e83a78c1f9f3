import { describe, expect, test } from 'vitest';
import type { NetworkInspection, ServiceInspection } from '../../../../src/lab/engine/api.ts';
import { toComparableNetwork, toNetworkSpec } from '../../../../src/swarm/network-spec.ts';
import {
  mapReferences,
  toComparableSpec,
  toPortableSpec,
} from '../../../../src/swarm/service/service-spec.ts';

const names = new Map([
  ['net-id', 'front'],
  ['secret-id', 'token'],
  ['config-id', 'settings'],
  ['node-id', 'worker-1'],
]);
const service: Omit<ServiceInspection, 'Version'> = {
  ID: 'service-id',
  Spec: {
    Name: 'web',
    Mode: { Replicated: { Replicas: 0 } },
    Networks: [{ Target: 'net-id', Aliases: ['www'] }],
    EndpointSpec: {
      Ports: [
        { TargetPort: 80, PublishedPort: 8080, PublishMode: 'ingress' },
        { Protocol: 'tcp', TargetPort: 80, PublishMode: 'ingress' },
        { Protocol: 'udp', TargetPort: 80, PublishMode: 'ingress' },
        { Protocol: 'tcp', TargetPort: 90, PublishMode: 'host' },
      ],
    },
    TaskTemplate: {
      ForceUpdate: 7,
      Placement: { Constraints: ['node.id== node-id', 'NODE.ID != elsewhere', 'node.labels.a == node-id'] },
      ContainerSpec: {
        Secrets: [{ SecretID: 'secret-id', SecretName: 'token' }],
        Configs: [{ ConfigID: 'config-id', ConfigName: 'settings' }],
        Privileges: { CredentialSpec: { Config: 'config-id' } },
      },
    },
  },
  Endpoint: {
    Ports: [
      { Protocol: 'udp', TargetPort: 80, PublishedPort: 30007, PublishMode: 'ingress' },
      { Protocol: 'tcp', TargetPort: 80, PublishedPort: 8080, PublishMode: 'ingress' },
      { Protocol: 'tcp', TargetPort: 80, PublishedPort: 30001, PublishMode: 'ingress' },
      { Protocol: 'tcp', TargetPort: 90, PublishMode: 'host' },
    ],
  },
};

test('replaces every id with a name, and leaves its argument unchanged', () => {
  const original = structuredClone(service);
  const { TaskTemplate, Networks } = toPortableSpec(service, (id) => names.get(id));
  expect(Networks).toBeUndefined();
  expect(TaskTemplate).toEqual({
    Networks: [{ Target: 'front', Aliases: ['www'] }],
    Placement: { Constraints: ['node.id== worker-1', 'NODE.ID != elsewhere', 'node.labels.a == node-id'] },
    ContainerSpec: {
      Secrets: [{ SecretID: 'token', SecretName: 'token' }],
      Configs: [{ ConfigID: 'settings', ConfigName: 'settings' }],
      Privileges: { CredentialSpec: { Config: 'settings' } },
    },
  });
  expect(service).toEqual(original);
});

test('fills in the ports that the engine chose, except for host ports', () => {
  const { EndpointSpec } = toPortableSpec(service, (id) => names.get(id));
  expect(EndpointSpec?.Ports?.map(({ PublishedPort }) => PublishedPort)).toEqual([
    8080,
    30001,
    30007,
    undefined,
  ]);
});

test('maps every reference to another object', () => {
  const asked: string[] = [];
  mapReferences(
    toPortableSpec(service, (id) => names.get(id)),
    (kind, name) => {
      asked.push(`${kind} ${name}`);
      return name;
    },
  );
  expect(asked.sort()).toEqual([
    'config settings',
    'config settings',
    'network front',
    'node elsewhere',
    'node worker-1',
    'secret token',
  ]);
});

test('ignores defaults of the engine, and keeps zero replicas, a default number of replicas and global apart', () => {
  const spec = { Name: 'web', TaskTemplate: { ContainerSpec: { Image: 'one' } } };
  const filled = {
    Name: 'web',
    Labels: {},
    TaskTemplate: {
      ContainerSpec: {
        Image: 'one',
        Isolation: 'default',
        DNSConfig: {},
        Privileges: { NoNewPrivileges: false },
      },
      Runtime: 'container',
      ForceUpdate: 0,
      RestartPolicy: { Condition: 'any', MaxAttempts: 0 },
    },
    EndpointSpec: { Mode: 'vip' },
  };
  expect(toComparableSpec(filled as never)).toEqual(toComparableSpec(spec));
  const modes = [
    { Replicated: { Replicas: 0 } },
    { Replicated: {} },
    { Replicated: { Replicas: 2 } },
    { Global: {} },
    { GlobalJob: {} },
  ].map((Mode) => JSON.stringify(toComparableSpec({ ...spec, Mode })));
  expect(new Set(modes).size).toBe(5);
  expect(toComparableSpec({ ...spec, Mode: { Replicated: {} } })).toEqual(
    toComparableSpec({ ...spec, Mode: { Replicated: { Replicas: 1 } } }),
  );
});

test('fills in the numbers of a job, and ignores what the engine fills in or does not store for a mount', () => {
  const job = (ReplicatedJob: object) =>
    toComparableSpec({ Name: 'job', Mode: { ReplicatedJob }, TaskTemplate: {} });
  expect(job({})).toEqual(job({ MaxConcurrent: 1, TotalCompletions: 1 }));
  expect(job({ MaxConcurrent: 3 })).toEqual(job({ MaxConcurrent: 3, TotalCompletions: 3 }));
  expect(job({ TotalCompletions: 4 })).toEqual(job({ MaxConcurrent: 1, TotalCompletions: 4 }));
  expect(job({ MaxConcurrent: 0, TotalCompletions: 0 })).not.toEqual(job({}));
  const mounting = (more: object) =>
    toComparableSpec({
      Name: 'web',
      TaskTemplate: { ContainerSpec: { Mounts: [{ Type: 'bind', Source: '/a', Target: '/b', ...more }] } },
    });
  expect(mounting({ Consistency: 'cached', BindOptions: { Propagation: 'rprivate' } })).toEqual(mounting({}));
  expect(mounting({ BindOptions: { Propagation: 'rshared' } })).not.toEqual(mounting({}));
});

describe('a network', () => {
  const TUNNELS = 'com.docker.network.driver.overlay.vxlanid_list';
  const front = (Options: Record<string, string>): NetworkInspection => ({
    Id: 'net-id',
    Name: 'front',
    Scope: 'swarm',
    Driver: 'overlay',
    Attachable: false,
    Internal: false,
    EnableIPv6: false,
    Ingress: false,
    IPAM: { Config: [{ Subnet: '10.1.0.0/24' }] },
    Options,
    Labels: null,
    ConfigFrom: { Network: '' },
  });

  test('is created from what was requested', () => {
    expect(toNetworkSpec(front({ [TUNNELS]: '4097', encrypted: '' }))).toEqual({
      Name: 'front',
      Driver: 'overlay',
      Attachable: false,
      Internal: false,
      EnableIPv6: false,
      Ingress: false,
      IPAM: { Config: [{ Subnet: '10.1.0.0/24' }] },
      Options: { [TUNNELS]: '4097', encrypted: '' },
    });
  });

  test('is compared without ids of tunnels that the engine may have assigned', () => {
    const comparable = (ids: string) => toComparableNetwork(front({ [TUNNELS]: ids, encrypted: '' }));
    expect(comparable('4097').Options).toEqual({ encrypted: '' });
    expect(comparable('4097,4098')).toEqual(comparable('4099,5000'));
    expect(comparable('300').Options).toEqual({ [TUNNELS]: '300', encrypted: '' });
    expect(comparable('300,4097')).not.toEqual(comparable('4096,4097'));
  });
});
