import { expect, test } from 'vitest';
import type { ServiceInspection } from '../lab/engine/api.ts';
import { comparableSpec, networkDefinition, portableSpec, withReferences } from './portable.ts';

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

test('ids become names wherever a spec has one, and the spec that came stays as it was', () => {
  const original = structuredClone(service);
  const { TaskTemplate, Networks } = portableSpec(service, (id) => names.get(id));
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

test('each port that the engine chose goes to the one that asked for it; a host port stays open', () => {
  const { EndpointSpec } = portableSpec(service, (id) => names.get(id));
  expect(EndpointSpec?.Ports?.map(({ PublishedPort }) => PublishedPort)).toEqual([
    8080,
    30001,
    30007,
    undefined,
  ]);
});

test('names become the ids of another swarm', () => {
  const asked: string[] = [];
  withReferences(
    portableSpec(service, (id) => names.get(id)),
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

test('what the engine fills in makes no difference; no replicas, no number of replicas and global do', () => {
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
  expect(comparableSpec(filled as never)).toEqual(comparableSpec(spec));
  const modes = [
    { Replicated: { Replicas: 0 } },
    { Replicated: {} },
    { Replicated: { Replicas: 2 } },
    { Global: {} },
    { GlobalJob: {} },
  ].map((Mode) => JSON.stringify(comparableSpec({ ...spec, Mode })));
  expect(new Set(modes).size).toBe(5);
  expect(comparableSpec({ ...spec, Mode: { Replicated: {} } })).toEqual(
    comparableSpec({ ...spec, Mode: { Replicated: { Replicas: 1 } } }),
  );
});

test('of a network, what was asked for stays, and what the overlay was given goes', () => {
  const definition = networkDefinition({
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
