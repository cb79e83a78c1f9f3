// What a restore of a service export refuses before it creates anything, on a swarm in memory.
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  createInMemorySwarm,
  InMemoryArtifact,
  type InMemorySwarm,
} from '../../../../support/in-memory-swarm.ts';
import type { ServiceInspection } from '../../../../../src/lab/engine/api.ts';
import type { ArtifactMetadata } from '../../../../../src/model/method.ts';
import { describeError } from '../../../../../src/support/errors.ts';
import {
  createAgeIdentity,
  sealSecrets,
  type SealedSecrets,
  type SecretValues,
} from '../../../../../src/method/stack/sealed-secrets.ts';
import {
  serviceExport,
  type RebuildTarget,
} from '../../../../../src/method/stack/service-export/service-export.ts';

const method = serviceExport();
const VALUES: SecretValues = new Map([
  ['token', Buffer.from('value of the token')],
  ['unmounted', Buffer.from('value that no task mounts')],
]);
/** One node takes the place of both nodes of the export. */
const ON_ONE_NODE = { hosts: { 'worker-1': 'manager-1' } };

let keys: { readonly identity: string; readonly recipient: string };
let artifact: InMemoryArtifact;
let metadata: ArtifactMetadata;
/** As many nodes as the export. */
let fresh: InMemorySwarm;
let singleNode: InMemorySwarm;

beforeAll(async () => {
  keys = await createAgeIdentity();
});
beforeEach(async () => {
  artifact = new InMemoryArtifact();
  metadata = await method.backup((await createSource()).swarm, artifact.writer);
  fresh = createInMemorySwarm({}, { workers: 1 });
  singleNode = createInMemorySwarm();
});

async function createSource(): Promise<InMemorySwarm> {
  const source = createInMemorySwarm({}, { workers: 1 });
  const { nodes, networks, secrets, configs, services } = source.engine;
  const worker = (await nodes.list()).find(({ Description }) => Description.Hostname === 'worker-1');
  if (!worker) throw new Error('no worker');
  await nodes.update(worker.ID, worker.Version, { ...worker.Spec, Labels: { zone: 'b' } });
  const IPAM = { Config: [{ Subnet: '10.77.0.0/24' }] };
  await networks.create({ Name: 'front', Driver: 'overlay', Attachable: true, IPAM });
  const front = await networks.inspect('front');
  const SecretID = await secrets.create({ Name: 'token' });
  await secrets.create({ Name: 'unmounted' });
  const ConfigID = await configs.create({ Name: 'settings', Data: 'YWJj' });
  const ContainerSpec = { Image: 'server' };
  const onNode = (constraint: string) => ({ ContainerSpec, Placement: { Constraints: [constraint] } });
  await services.create({
    Name: 'web',
    TaskTemplate: {
      ContainerSpec: {
        ...ContainerSpec,
        Secrets: [{ SecretID, SecretName: 'token' }],
        Configs: [{ ConfigID, ConfigName: 'settings' }],
      },
      Networks: [{ Target: front.Id }],
    },
  });
  await services.create({
    Name: 'pinned',
    Mode: { Replicated: { Replicas: 1 } },
    TaskTemplate: onNode(`node.id==${worker.ID}`),
  });
  await services.create({ Name: 'by-hostname', TaskTemplate: onNode('node.hostname==worker-1') });
  return source;
}

const sealed = (values: SecretValues, identity = keys.identity): SealedSecrets => ({
  sealed: () => sealSecrets(values, keys.recipient),
  identity: () => Promise.resolve(identity),
});

const stateOf = ({
  engine: { services, networks, configs, secrets, nodes },
}: InMemorySwarm): Promise<unknown> =>
  Promise.all([services.list(), networks.list(), configs.list(), secrets.list(), nodes.list()]).then(
    (lists) => structuredClone(lists),
  );

/** Returns the error of a restore that must not change the swarm, and must not show a value. */
async function refusal(target = fresh, options: Partial<RebuildTarget> = {}): Promise<string> {
  const before = await stateOf(target);
  const message = await method
    .restore(artifact.reader(metadata), { swarm: target.swarm, secrets: sealed(VALUES), ...options })
    .then(() => 'no error', describeError);
  expect(await stateOf(target)).toEqual(before);
  for (const value of VALUES.values()) expect(message).not.toContain(Buffer.from(value).toString());
  return message;
}

const changeExport = (file: string, change: (text: string) => string): void =>
  void artifact.files.set(file, Buffer.from(change(String(artifact.files.get(file)))));
const changeServices = (change: (service: Mutable<ServiceInspection>) => void): void =>
  changeExport('services.json', (text) => {
    const services = JSON.parse(text) as Mutable<ServiceInspection>[];
    for (const service of services) change(service);
    return JSON.stringify(services);
  });
type Mutable<T> = T extends object ? { -readonly [K in keyof T]: Mutable<T[K]> } : T;

test('refuses to back up a swarm without services', async () => {
  const { writer } = new InMemoryArtifact();
  await expect(method.backup(fresh.swarm, writer)).rejects.toMatchObject({ code: 'nothing-to-export' });
});

test('restores the unchanged export', async () => {
  const secrets = sealed(VALUES);
  const { created } = await method.restore(artifact.reader(metadata), {
    swarm: singleNode.swarm,
    secrets,
    ...ON_ONE_NODE,
  });
  expect(created).toEqual([
    'network front',
    'config settings',
    'secret token',
    'secret unmounted',
    'labels of manager-1',
    'service web',
    'service pinned',
    'service by-hostname',
  ]);
});

test('refuses a secret without a value', async () => {
  const secrets = sealed(new Map([['unmounted', Buffer.from('value')]]));
  expect(await refusal(fresh, { secrets })).toMatch(/no value for secret token in the sealed file/);
});

test('refuses a secret with an empty value', async () => {
  const secrets = sealed(new Map([['unmounted', Buffer.alloc(0)]]));
  expect(await refusal(fresh, { secrets })).toMatch(/empty value for secret unmounted in the sealed file/);
});

test('refuses another identity than that of the recipient', async () => {
  const { identity } = await createAgeIdentity();
  expect(await refusal(fresh, { secrets: sealed(VALUES, identity) })).toMatch(
    /encrypted for another identity/,
  );
});

test.for(['services', 'networks', 'configs', 'secrets', 'nodes'])(
  'refuses a truncated %s.json',
  async (kind) => {
    changeExport(`${kind}.json`, (text) => text.slice(0, text.length / 2));
    expect(await refusal()).toMatch(`${kind}.json: invalid JSON`);
  },
);

test('refuses JSON with fewer objects', async () => {
  changeExport('services.json', (text) => JSON.stringify((JSON.parse(text) as unknown[]).slice(1)));
  expect(await refusal()).toMatch(/services.json: expected 3 services, got 2/);
});

test.for(['services', 'networks', 'configs', 'secrets', 'nodes'])(
  'refuses an artifact whose metadata claims more %s than it holds',
  async (kind) => {
    metadata = { ...metadata, [kind]: (metadata[kind] as number) + 1 };
    expect(await refusal()).toMatch(new RegExp(`${kind}.json: expected \\d ${kind}, got \\d`));
  },
);

describe('a restore fails when the engine', () => {
  const failure = (): Promise<string> =>
    method
      .restore(artifact.reader(metadata), {
        swarm: singleNode.swarm,
        secrets: sealed(VALUES),
        ...ON_ONE_NODE,
      })
      .then(() => 'no error', describeError);

  test('creates a network without one of its settings', async () => {
    const { networks } = singleNode.engine;
    const create = networks.create.bind(networks);
    networks.create = ({ Attachable: _, ...spec }) => create(spec);
    expect(await failure()).toMatch(
      /created objects differ from the export: network front: Attachable: was true, is false/,
    );
  });

  test('creates a config with other bytes', async () => {
    const { configs } = singleNode.engine;
    const create = configs.create.bind(configs);
    configs.create = (spec) => create({ ...spec, Data: 'YQ==' });
    expect(await failure()).toMatch(
      /created objects differ from the export: config settings: its bytes differ/,
    );
  });

  test('accepts a secret and does not have it', async () => {
    singleNode.engine.secrets.create = async () => 'secret-id';
    expect(await failure()).toMatch(/created objects differ from the export: secret token is missing/);
  });

  test('does not keep a label of a node', async () => {
    const { nodes } = singleNode.engine;
    const update = nodes.update.bind(nodes);
    nodes.update = (id, version, { Labels: _, ...spec }) => update(id, version, spec);
    expect(await failure()).toMatch(/created objects differ from the export: node manager-1: labels/);
  });
});

test('maps a node that the swarm had lost, by its id', async () => {
  changeServices(({ Spec }) => {
    if (Spec.Name === 'pinned') Spec.TaskTemplate.Placement = { Constraints: ['node.id==long-gone'] };
  });
  expect(await refusal(singleNode, ON_ONE_NODE)).toMatch(
    /cannot create service pinned: no ready node is named long-gone/,
  );
  await method.restore(artifact.reader(metadata), {
    swarm: singleNode.swarm,
    secrets: sealed(VALUES),
    hosts: { ...ON_ONE_NODE.hosts, 'long-gone': 'manager-1' },
  });
  const [manager] = await singleNode.engine.nodes.list();
  expect((await singleNode.engine.services.inspect('pinned')).Spec.TaskTemplate.Placement).toEqual({
    Constraints: [`node.id==${manager?.ID}`],
  });
});

test('refuses JSON of another shape', async () => {
  changeExport('networks.json', () => '{}');
  expect(await refusal()).toMatch(/networks.json: at .*: invalid/);
});

test('refuses a taken subnet', async () => {
  await fresh.engine.networks.create({ Name: 'squatter', IPAM: { Config: [{ Subnet: '10.77.0.128/25' }] } });
  expect(await refusal()).toMatch(/subnet 10\.77\.0\.0\/24 of network front is taken by network squatter/);
});

test('refuses another network of the same name', async () => {
  await singleNode.engine.networks.create({ Name: 'front', Driver: 'overlay' });
  expect(await refusal(singleNode, ON_ONE_NODE)).toMatch(
    /network front exists with another definition: .*Attachable: was true, is false/,
  );
});

test('refuses another config of the same name', async () => {
  await singleNode.engine.configs.create({ Name: 'settings', Data: 'YQ==' });
  expect(await refusal(singleNode, ON_ONE_NODE)).toMatch(
    /config settings exists with another definition: .*its bytes differ/,
  );
});

test('refuses any secret of the same name', async () => {
  await singleNode.engine.secrets.create({ Name: 'token', Data: 'YQ==' });
  expect(await refusal(singleNode, ON_ONE_NODE)).toMatch(
    /secret token exists, and its value can't be compared/,
  );
});

test('refuses another service of the same name', async () => {
  await singleNode.engine.services.create({
    Name: 'pinned',
    TaskTemplate: { ContainerSpec: { Image: 'server' } },
    Mode: { Replicated: { Replicas: 0 } },
  });
  expect(await refusal(singleNode, ON_ONE_NODE)).toMatch(
    /service pinned exists with another definition: .*Mode.Replicated/,
  );
});

test('refuses services and labels whose node is missing', async () => {
  const message = await refusal(singleNode);
  expect(message).toMatch(/cannot create service pinned: no ready node is named worker-1/);
  expect(message).toMatch(/cannot create service by-hostname: no ready node has the host name worker-1/);
  expect(message).toMatch(/no ready node is named worker-1, which has labels in the export/);
});

test('refuses to leave out a service that is not in the export', async () => {
  expect(await refusal(fresh, { leaveOut: ['wbe'] })).toMatch(/no service wbe in the export/);
});

test('refuses a service that runs a plugin', async () => {
  changeServices(({ Spec }) => {
    if (Spec.Name === 'pinned') Spec.TaskTemplate.Runtime = 'plugin';
  });
  expect(await refusal()).toMatch(/cannot create service pinned: it runs a plugin/);
});

test('refuses a reference to an object that is not in the export', async () => {
  changeServices(({ Spec }) => {
    for (const secret of Spec.TaskTemplate.ContainerSpec?.Secrets ?? []) secret.SecretID = 'gone';
  });
  expect(await refusal()).toMatch(/cannot create service web: secret gone is not in the export/);
});
