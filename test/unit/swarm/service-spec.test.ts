import { expect, test } from 'vitest';
import type { ServiceInspection } from '../../../src/lab/engine/api.ts';
import { toNetworkSpec } from '../../../src/swarm/network-spec.ts';
import { mapReferences, toComparableSpec, toPortableSpec } from '../../../src/swarm/service-spec.ts';

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

test('keeps what was requested of a network, and drops what the overlay assigned', () => {
  const definition = toNetworkSpec({
    Id: 'net-id',
    Name: 'front',
    Scope: 'swarm',
    Driver: 'overlay',
    Ingress: false,
    IPAM: { Config: [{ Subnet: '10.1.0.0/24' }] },
    Options: { 'com.docker.network.driver.overlay.vxlanid_list': '4097', encrypted: '' },
    Labels: null,
    ConfigFrom: { Network: '' },
  });
  expect(definition).toEqual({
    Name: 'front',
    Driver: 'overlay',
    Ingress: false,
    IPAM: { Config: [{ Subnet: '10.1.0.0/24' }] },
    Options: { encrypted: '' },
  });
});
