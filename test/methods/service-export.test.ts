// A swarm with one of everything is exported and rebuilt on fresh nodes, where every id is another one; and what must be refused is.
import { readFile, truncate, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { bytesOf, startProcess } from '../../src/lab/engine/process.ts';
import type { ArtifactMetadata } from '../../src/model/method.ts';
import { createAgeIdentity, sealSecrets, type SealedSecrets } from '../../src/method/stack/sealed-secrets.ts';
import { readSecretsInTasks } from '../../src/method/stack/secrets-in-tasks.ts';
import {
  serviceExport,
  type RebuiltServices,
  type RebuildTarget,
} from '../../src/method/stack/service-export/service-export.ts';
import { describe as described } from '../../src/support/errors.ts';
import { Scope } from '../../src/support/scope.ts';
import { Site } from '../../src/swarm/site.ts';
import type { Swarm } from '../../src/swarm/swarm.ts';
import { shelf, type Shelf } from '../support/shelf.ts';
import { deployWideStack } from '../support/wide-stack.ts';

const scope = new Scope();
let old: Swarm;
let fresh: Swarm;
/** A swarm of one node. */
let alone: Swarm;
let kept: Shelf;
let claim: ArtifactMetadata;
let before: Facts;
let keys: { readonly identity: string; readonly recipient: string };
let values: Map<string, Buffer>;

const newSwarm = async (drill: string, workers = 1): Promise<Swarm> => {
  const site = await Site.open({ lab: inject('lab'), run: `export-test-${process.pid}`, drill, scope });
  return site.startSwarm({ managers: 1, workers });
};
const sealedFor = (contents: Map<string, Buffer>, identity = keys.identity): SealedSecrets => ({
  sealed: () => sealSecrets(contents, keys.recipient),
  identity: () => Promise.resolve(identity),
});

/** Removes all that people make in a swarm. */
const EMPTY = `docker service ls -q | xargs -r docker service rm
  docker secret ls -q | xargs -r docker secret rm
  docker config ls -q | xargs -r docker config rm
  docker network rm --force wide_front wide_back`;

beforeAll(async () => {
  keys = await createAgeIdentity();
  old = await newSwarm('old');
  fresh = await newSwarm('fresh');
  alone = await newSwarm('alone', 0);
  kept = await shelf();
  scope.defer('the shelf', async () => kept[Symbol.asyncDispose]());
  await expect(serviceExport.backup(old, kept.deposit)).rejects.toMatchObject({ code: 'nothing-to-export' });
  values = await deployWideStack(old);
  await (await old.manager()).exec(['docker', 'node', 'update', '--availability', 'pause', 'manager-1']);
  claim = await serviceExport.backup(old, kept.deposit);
  before = await factsOf(old);
});
afterAll(() => scope[Symbol.asyncDispose]());

test('the export is readable JSON without the value of any secret', async () => {
  expect(claim).toEqual({ services: '10', networks: '4', configs: '3', secrets: '2', nodes: '2' });
  const services = JSON.parse(await readFile(kept.path('services.json'), 'utf8')) as {
    Spec: { Name: string };
  }[];
  expect(services.map(({ Spec }) => Spec.Name)).toContain('wide_web');
  for (const kind of Object.keys(claim)) {
    const text = await readFile(kept.path(`${kind}.json`), 'utf8');
    for (const value of values.values()) {
      expect(text).not.toContain(value.toString('base64'));
      expect(text).not.toContain(value.toString('latin1'));
    }
  }
});

test('an export leaves every service as it is, and its tasks run on', async () => {
  const manager = await old.manager();
  const state = async (): Promise<unknown> => [
    await factsOf(old),
    ((await manager.docker.listServices()) as unknown as Versioned[]).map((one) => [one.ID, one.Version]),
    ((await manager.docker.listNodes()) as Versioned[]).map((one) => [one.ID, one.Version]),
    await Promise.all(
      old.nodes.map(async ({ docker }) =>
        (await docker.listContainers({ filters: { label: ['com.docker.swarm.service.name=wide_web'] } })).map(
          ({ Id, State }) => [Id, State],
        ),
      ),
    ),
  ];
  const untouched = await state();
  expect(JSON.stringify(untouched)).toContain('"running"');
  await using again = await shelf();
  expect(await serviceExport.backup(old, again.deposit)).toEqual(claim);
  expect(await state()).toEqual(untouched);
});

test('values of secrets are found in the tasks that have them, and nowhere else', async () => {
  expect(await readSecretsInTasks(old)).toEqual(new Map([['wide_token', values.get('wide_token')]]));
});

describe('refused before anything is created:', () => {
  const swapped = async (
    file: string,
    change: (text: string) => string,
    body: () => Promise<void>,
  ): Promise<void> => {
    const text = await readFile(kept.path(file), 'utf8');
    await writeFile(kept.path(file), change(text));
    try {
      await body();
    } finally {
      await writeFile(kept.path(file), text);
    }
  };
  const refusal = async (options: Partial<RebuildTarget> = {}): Promise<string> => {
    const target = { swarm: fresh, secrets: sealedFor(values), ...options };
    const untouched = await factsOf(target.swarm);
    const words = await serviceExport.restore(kept.opened(claim), target).then(
      () => 'it was restored',
      (error: unknown) => described(error),
    );
    expect(await factsOf(target.swarm)).toEqual(untouched);
    for (const value of values.values()) expect(words).not.toContain(value.toString());
    return words;
  };

  test('a secret without a value, and one with an empty one', async () => {
    const words = await refusal({ secrets: sealedFor(new Map([['unmounted', Buffer.alloc(0)]])) });
    expect(words).toMatch(/the secret wide_token has no value in the sealed file/);
    expect(words).toMatch(/the secret unmounted has an empty value in the sealed file/);
  });

  test('another identity than the secrets were sealed for', async () => {
    expect(await refusal({ secrets: sealedFor(values, (await createAgeIdentity()).identity) })).toMatch(
      /sealed for another one/,
    );
  });

  test.each(['services', 'networks', 'configs', 'secrets', 'nodes'])(
    '%s.json cut in the middle',
    async (kind) => {
      const text = await readFile(kept.path(`${kind}.json`));
      await truncate(kept.path(`${kind}.json`), Math.floor(text.length / 2));
      try {
        expect(await refusal()).toMatch(`${kind}.json of the export can't be used: it is no whole JSON`);
      } finally {
        await writeFile(kept.path(`${kind}.json`), text);
      }
    },
  );

  test('JSON that is whole and holds less, or something else', async () => {
    const shorter = (text: string): string => JSON.stringify((JSON.parse(text) as unknown[]).slice(1));
    await swapped('services.json', shorter, async () => {
      expect(await refusal()).toMatch(/expected 10 services, got 9/);
    });
    await swapped(
      'networks.json',
      () => '{}',
      async () => {
        expect(await refusal()).toMatch(/networks.json of the export can't be used/);
      },
    );
  });

  test('a subnet that is taken', async () => {
    const manager = await fresh.manager();
    await manager.exec([
      'docker',
      'network',
      'create',
      '-d',
      'overlay',
      '--subnet',
      '10.77.0.128/25',
      'squatter',
    ]);
    expect(await refusal()).toMatch(
      /the subnet 10\.77\.0\.0\/24 of the network wide_front is taken by the network squatter/,
    );
    await manager.exec(['docker', 'network', 'rm', 'squatter']);
  });

  test('objects that are there already with another definition, and a secret of that name', async () => {
    const { docker } = await alone.manager();
    await docker.createNetwork({ Name: 'wide_front', Driver: 'overlay' });
    await docker.createConfig({ Name: 'wide_settings', Data: 'YQ==' });
    await docker.createSecret({ Name: 'wide_token', Data: 'YQ==' });
    await docker.createService({
      Name: 'pinned',
      TaskTemplate: { ContainerSpec: { Image: alone.imageOf('toolbox') } },
      Mode: { Replicated: { Replicas: 0 } },
    } as never);
    const words = await refusal({ swarm: alone, hosts: { 'worker-1': 'manager-1' } });
    expect(words).toMatch(/there is another network wide_front already: .*Attachable: was true, is false/);
    expect(words).toMatch(/there is another config wide_settings already: .*its bytes differ/);
    expect(words).toMatch(/there is a secret wide_token already, and nobody can say which value it has/);
    expect(words).toMatch(/there is another service pinned already: .*Mode.Replicated/);
    await (await alone.manager()).exec(['sh', '-euc', EMPTY]);
  });

  test('nodes that are missing, and names that nothing has', async () => {
    const words = await refusal({ swarm: alone, leaveOut: ['wide_wbe'] });
    expect(words).toMatch(/the service pinned can't be made again: it is bound to the node worker-1/);
    expect(words).toMatch(/the service by-hostname can't be made again: it is bound to the host worker-1/);
    expect(words).toMatch(/no ready node is called worker-1, whose labels the export has/);
    expect(words).toMatch(/the export has no service wide_wbe/);
  });

  test('a service that is no container, and references to what the export has not', async () => {
    const change = (text: string): string =>
      JSON.stringify(
        (JSON.parse(text) as RawService[]).map((one) => {
          if (one.Spec.Name === 'forced') one.Spec.TaskTemplate.Runtime = 'plugin';
          for (const secret of one.Spec.TaskTemplate.ContainerSpec?.Secrets ?? []) secret.SecretID = 'gone';
          return one;
        }),
      );
    await swapped('services.json', change, async () => {
      const words = await refusal();
      expect(words).toMatch(/the service forced can't be made again: it runs a plugin/);
      expect(words).toMatch(/the service wide_web can't be made again: its secret gone is not in the export/);
    });
  });
});

describe('rebuilt on a fresh swarm', () => {
  let rebuilt: RebuiltServices;
  let after: Facts;
  beforeAll(async () => {
    rebuilt = await serviceExport.restore(kept.opened(claim), { swarm: fresh, secrets: sealedFor(values) });
    after = await factsOf(fresh);
  });

  test('in the order in which one thing needs the other', () => {
    const kinds = rebuilt.made.map((one) => one.split(' ')[0]);
    expect([...new Set(kinds)]).toEqual(['network', 'config', 'secret', 'availability', 'labels', 'service']);
    expect(rebuilt.made.filter((one) => one.startsWith('service'))).toHaveLength(10);
  });

  test('no id is an old one', () => {
    const ids = Object.keys(before.nameById);
    expect(ids.length).toBeGreaterThan(20);
    expect(Object.keys(after.nameById).filter((id) => ids.includes(id))).toEqual([]);
  });

  test('every service asks for the same, but for what is said here', () => {
    const expected = structuredClone(before.services);
    const { legacy, forced, wide_web: web } = expected as Record<string, RawService['Spec']>;
    if (!legacy || !forced || !web) throw new Error('the workload has changed');
    // Forgotten: how often an update was forced.
    expect(forced.TaskTemplate.ForceUpdate).toBe(1);
    forced.TaskTemplate.ForceUpdate = 0;
    // Moved to where it belongs today.
    legacy.TaskTemplate.Networks = legacy.Networks;
    delete legacy.Networks;
    // Written down: the ports that the engine chose.
    const chosen = web.EndpointSpec.Ports.filter(({ PublishedPort }) => !PublishedPort);
    expect(chosen).toHaveLength(2);
    for (const port of chosen) port.PublishedPort = 30000;
    expect(after.services).toEqual(expected);
  });

  test('networks, configs and secrets are equal, labels of the stack included', () => {
    expect(after.networks).toEqual(before.networks);
    expect(after.networks['wide_back']).toMatchObject({ Labels: { 'com.docker.stack.namespace': 'wide' } });
    expect(after.configs).toEqual(before.configs);
    expect(after.secrets).toEqual(before.secrets);
    expect(Object.keys(after.secrets)).toEqual(['unmounted', 'wide_token']);
  });

  test('node labels and availability are back', () => {
    expect(after.nodes).toEqual(before.nodes);
    expect(after.nodes['manager-1']).toEqual({ labels: { zone: 'a' }, availability: 'pause' });
  });

  test('the engine gave out the same ports, and as many tasks run as before', async () => {
    expect(after.ports).toEqual(before.ports);
    expect(after.ports['wide_web']).toHaveLength(4);
    const only = ['wide_web', 'legacy', 'pinned', 'by-hostname', 'forced', 'on-host'];
    await fresh.converged(undefined, only);
    for (const service of ['pinned', 'by-hostname', 'wide_web'])
      expect((await fresh.nodeOf(service)).name).toBe('worker-1');
  });

  test('a task reads the bytes of its secret and configs, with their owner and mode, and finds the others by alias', async () => {
    const inWeb = async (...argv: string[]): Promise<Buffer> => {
      const { node, id } = await fresh.taskContainer('wide_web');
      const { bytes, exitCode, stderr } = await bytesOf(await startProcess(node.docker, id, argv));
      if (exitCode !== 0) throw new Error(stderr);
      return bytes;
    };
    expect(await inWeb('cat', '/run/secrets/the-token')).toEqual(values.get('wide_token'));
    const settings = before.configs['wide_settings'] as { Data: string };
    expect(await inWeb('cat', '/etc/settings.bin')).toEqual(Buffer.from(settings.Data, 'base64'));
    expect(String(await inWeb('cat', '/greeting'))).toBe('wide_web');
    expect(String(await inWeb('stat', '-c', '%u %g %a', '/run/secrets/the-token'))).toBe('1000 1001 400\n');
    expect(String(await inWeb('stat', '-c', '%u %g %a', '/etc/settings.bin'))).toBe('1000 0 440\n');
    for (const name of ['www', 'grandfather'])
      expect(
        String(await inWeb('python3', '-c', `import socket; print(socket.gethostbyname('${name}'))`)),
      ).toMatch(/^10\.77\.0\./);
  });

  test('again on the same swarm: only the secrets, whose values nobody can compare, stand in the way', async () => {
    const words = await serviceExport
      .restore(kept.opened(claim), { swarm: fresh, secrets: sealedFor(values) })
      .catch(described);
    expect(words).toMatch(/there is a secret wide_token already/);
    expect(words).not.toMatch(/another (network|config|service)/);
  });
});

test('one node in the place of two, services held back until their data is there, one left behind', async () => {
  const small = await newSwarm('small', 0);
  const rebuilt = await serviceExport.restore(kept.opened(claim), {
    swarm: small,
    secrets: sealedFor(values),
    hosts: { 'worker-1': 'manager-1' },
    holdBack: ['wide_web', 'pinned'],
    leaveOut: ['counted'],
  });
  const names = async (): Promise<string[]> => Object.keys((await factsOf(small)).services);
  expect(await names()).not.toContain('wide_web');
  expect(await names()).not.toContain('pinned');
  expect(rebuilt.labels).toEqual({ 'manager-1': { zone: 'b', rack: '1' } });
  await Promise.all([rebuilt.release(), rebuilt.release()]);
  expect(await names()).toContain('wide_web');
  expect(await names()).not.toContain('counted');
  const { services } = await factsOf(small);
  expect(services['pinned']).toMatchObject({
    TaskTemplate: { Placement: { Constraints: ['node.id==manager-1'] } },
  });
});

test('labels can wait: services are there, and start where their data is once the labels are set', async () => {
  const waiting = await newSwarm('labels', 0);
  const rebuilt = await serviceExport.restore(kept.opened(claim), {
    swarm: waiting,
    secrets: sealedFor(values),
    hosts: { 'worker-1': 'manager-1' },
    holdBack: 'node labels',
  });
  expect((await factsOf(waiting)).nodes['manager-1']).toMatchObject({ labels: {} });
  expect(rebuilt.labels).toEqual({ 'manager-1': { zone: 'b', rack: '1' } });
  await waiting.converged(undefined, ['pinned']);
  await expect(waiting.taskContainer('wide_web')).rejects.toMatchObject({ code: 'no-task' });
  await rebuilt.release();
  await waiting.converged(undefined, ['wide_web']);
});

test('a network that the swarm takes and gives no addresses is a failure, not a service that waits for ever', async () => {
  const text = await readFile(kept.path('networks.json'), 'utf8');
  const networks = JSON.parse(text) as { Name: string; IPAM: { Config: { Subnet: string }[] } }[];
  for (const { Name, IPAM } of networks)
    if (Name.startsWith('wide')) IPAM.Config = [{ Subnet: '10.77.0.0/24' }];
  await writeFile(kept.path('networks.json'), JSON.stringify(networks));
  const words = await serviceExport
    .restore(kept.opened(claim), {
      swarm: alone,
      secrets: sealedFor(values),
      hosts: { 'worker-1': 'manager-1' },
    })
    .catch(described);
  await writeFile(kept.path('networks.json'), text);
  expect(words).toMatch(
    /waited 10.0 s for addresses for the network wide_\w+: none so far; perhaps its subnet is taken/,
  );
  expect(words).toMatch(/made until then: network wide_\w+, network wide_\w+$/m);
  await (await alone.manager()).exec(['sh', '-euc', EMPTY]);
});

test('a setting that an older engine drops without a word is found when the services are compared', async () => {
  const text = await readFile(kept.path('services.json'), 'utf8');
  const services = JSON.parse(text) as RawService[];
  for (const { Spec } of services)
    if (Spec.Name === 'pinned')
      Object.assign(Spec.TaskTemplate.ContainerSpec ?? {}, { OomScoreOfTomorrow: 7 });
  await writeFile(kept.path('services.json'), JSON.stringify(services));
  const words = await serviceExport
    .restore(kept.opened(claim), {
      swarm: alone,
      secrets: sealedFor(values),
      hosts: { 'worker-1': 'manager-1' },
      leaveOut: services.map(({ Spec }) => Spec.Name).filter((name) => name !== 'pinned'),
    })
    .catch(described);
  await writeFile(kept.path('services.json'), text);
  expect(words).toMatch(
    /the engine made other services than were asked for: pinned\.TaskTemplate\.ContainerSpec\.OomScoreOfTomorrow: was 7, is nothing/,
  );
  await (await alone.manager()).exec(['sh', '-euc', EMPTY]);
});

test('what the engine refuses half-way ends with a list of what was made', async () => {
  const { docker } = await alone.manager();
  await docker.createService({
    Name: 'squatter',
    TaskTemplate: { ContainerSpec: { Image: alone.imageOf('toolbox'), Command: ['sleep', 'infinity'] } },
    EndpointSpec: { Ports: [{ TargetPort: 1, PublishedPort: 8090 }] },
  } as never);
  const words = await serviceExport
    .restore(kept.opened(claim), {
      swarm: alone,
      secrets: sealedFor(values),
      hosts: { 'worker-1': 'manager-1' },
    })
    .catch(described);
  expect(words).toMatch(
    /the service wide_web could not be made: .*port '8090' is already in use by service 'squatter'/,
  );
  expect(words).toMatch(/made until then: network wide_\w+, network wide_\w+, config .*secret wide_token/);
});

/** What a network is given, or has, without anybody having asked for it. */
const VOLATILE = new Set(['Id', 'Created', 'Containers', 'com.docker.network.driver.overlay.vxlanid_list']);

interface RawService {
  readonly ID: string;
  readonly Spec: {
    Name: string;
    Networks?: unknown;
    EndpointSpec: { Ports: { PublishedPort?: number }[] };
    TaskTemplate: {
      Runtime: string;
      ForceUpdate: number;
      Networks?: unknown;
      ContainerSpec?: { Secrets?: { SecretID: string }[] };
    };
  };
}
interface Versioned {
  readonly ID: string;
  readonly Version: { readonly Index: number };
}
type ByName = Record<string, unknown>;
interface Facts {
  readonly nameById: Record<string, string>;
  readonly services: ByName;
  readonly networks: ByName;
  readonly configs: ByName;
  readonly secrets: ByName;
  readonly nodes: ByName;
  readonly ports: Record<string, unknown[]>;
}

interface Raw {
  readonly ID: string;
  readonly Name: string;
  readonly Spec: {
    readonly Name: string;
    readonly Labels: unknown;
    readonly Availability: string;
    readonly TaskTemplate?: { readonly Networks?: { readonly Target: string }[] };
  };
  readonly Description: { readonly Hostname: string };
  readonly Endpoint: { readonly Ports?: unknown[] };
}

/** What the engine says, whole, with each id replaced by a name: read here anew, and by none of the method's own code. */
async function factsOf(swarm: Swarm): Promise<Facts> {
  const { docker } = await swarm.manager();
  const listed = async (list: Promise<unknown>): Promise<Raw[]> => (await list) as Raw[];
  const [services, networks, configs, secrets, nodes] = await Promise.all([
    listed(docker.listServices()),
    listed(docker.listNetworks({ filters: { scope: ['swarm'] } })),
    listed(docker.listConfigs()),
    listed(docker.listSecrets()),
    listed(docker.listNodes()),
  ]);
  const nameById: Record<string, string> = {};
  for (const one of networks) nameById[(one as unknown as { Id: string }).Id] = one.Name;
  for (const { ID, Spec } of [...services, ...configs, ...secrets]) nameById[ID] = Spec.Name;
  for (const { ID, Description } of nodes) nameById[ID] = Description.Hostname;
  for (const { Target } of services.flatMap(({ Spec }) => Spec.TaskTemplate?.Networks ?? []))
    nameById[Target] ??= ((await docker.getNetwork(Target).inspect()) as { Name: string }).Name;
  const withoutIds = (value: unknown): unknown => {
    let text = JSON.stringify(value);
    for (const [id, name] of Object.entries(nameById)) text = text.replaceAll(id, name);
    return JSON.parse(text);
  };
  const specs = (list: Raw[]): ByName =>
    Object.fromEntries(
      list.map(({ Spec }) => [Spec.Name, withoutIds(Spec)] as const).sort(([a], [b]) => (a < b ? -1 : 1)),
    );
  return {
    nameById,
    services: specs(services),
    configs: specs(configs),
    secrets: specs(secrets),
    networks: Object.fromEntries(
      networks.map((one) => [
        one.Name,
        JSON.parse(JSON.stringify(one, (key, value: unknown) => (VOLATILE.has(key) ? undefined : value))),
      ]),
    ),
    nodes: Object.fromEntries(
      nodes.map(({ Description, Spec }) => [
        Description.Hostname,
        { labels: Spec.Labels, availability: Spec.Availability },
      ]),
    ),
    ports: Object.fromEntries(services.map(({ Spec, Endpoint }) => [Spec.Name, Endpoint.Ports ?? []])),
  };
}
