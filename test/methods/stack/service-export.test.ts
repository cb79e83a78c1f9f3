// Service export: a swarm with one of everything is exported and rebuilt on fresh nodes with other ids. What a restore refuses before it
// creates anything is tested in memory.
import { readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest';
import { mountedFilesMatch, readMountedFiles } from '../../../src/check/mounted.ts';
import { bytesOf } from '../../../src/lab/engine/process.ts';
import type { ArtifactMetadata } from '../../../src/model/method.ts';
import {
  createAgeIdentity,
  sealSecrets,
  type SealedSecrets,
} from '../../../src/method/stack/sealed-secrets.ts';
import { readSecretsInTasks } from '../../../src/method/stack/secrets-in-tasks.ts';
import {
  serviceExport,
  type RebuiltServices,
  type RebuildTarget,
} from '../../../src/method/stack/service-export/service-export.ts';
import { describeError as described } from '../../../src/support/errors.ts';
import { Scope } from '../../../src/support/scope.ts';
import { Site } from '../../../src/swarm/site.ts';
import { Swarm } from '../../../src/swarm/swarm.ts';
import { openArtifactStore, type ArtifactStore } from '../../support/artifact-store.ts';
import { deployWideStack } from '../../support/wide-stack.ts';

const scope = new Scope();
const method = serviceExport();
let old: Swarm;
let fresh: Swarm;
/** A swarm of one node, emptied after each test that uses it. */
let singleNode: Swarm;
let kept: ArtifactStore;
let metadata: ArtifactMetadata;
let before: SwarmState;
let keys: { readonly identity: string; readonly recipient: string };
let values: Map<string, Buffer>;

const newSwarm = async (drill: string, workers = 1): Promise<Swarm> => {
  const site = await Site.open({ lab: inject('lab'), run: `export-test-${process.pid}`, drill, scope });
  return Swarm.start(site, { managers: 1, workers });
};
const sealedFor = (contents: Map<string, Buffer>, identity = keys.identity): SealedSecrets => ({
  sealed: () => sealSecrets(contents, keys.recipient),
  identity: () => Promise.resolve(identity),
});

/** Removes everything that can be created in a swarm. */
const EMPTY = `docker service ls -q | xargs -r docker service rm
  docker secret ls -q | xargs -r docker secret rm
  docker config ls -q | xargs -r docker config rm
  docker network rm --force wide_front wide_back`;
const emptyAfterTest = (swarm: Swarm): void =>
  onTestFinished(async () => {
    await (await swarm.manager()).exec(['sh', '-euc', EMPTY]);
  });

beforeAll(async () => {
  keys = await createAgeIdentity();
  old = await newSwarm('old');
  fresh = await newSwarm('fresh');
  singleNode = await newSwarm('alone', 0);
  kept = await openArtifactStore();
  scope.defer('the artifact store', async () => kept[Symbol.asyncDispose]());
  values = await deployWideStack(old);
  await (await old.manager()).exec(['docker', 'node', 'update', '--availability', 'pause', 'manager-1']);
  metadata = await method.backup(old, kept.writer);
  before = await readState(old);
});
afterAll(() => scope[Symbol.asyncDispose]());

const restore = (options: Partial<RebuildTarget> = {}): Promise<RebuiltServices> =>
  method.restore(kept.reader(metadata), { swarm: fresh, secrets: sealedFor(values), ...options });
const restoreError = (options: Partial<RebuildTarget> = {}): Promise<string> =>
  restore(options).then(() => 'no error', described);
/** One node takes the place of both nodes of the export. */
const ON_ONE_NODE = { hosts: { 'worker-1': 'manager-1' } };

/** Changes a file of the export until the test ends. */
async function changeExport(file: string, change: (text: string) => string): Promise<void> {
  const text = await readFile(kept.path(file), 'utf8');
  onTestFinished(() => writeFile(kept.path(file), text));
  await writeFile(kept.path(file), change(text));
}

describe('a backup', () => {
  test('writes readable JSON without the value of any secret', async () => {
    expect(metadata).toEqual({ services: 10, networks: 4, configs: 3, secrets: 2, nodes: 2 });
    const services = JSON.parse(await readFile(kept.path('services.json'), 'utf8')) as {
      Spec: { Name: string };
    }[];
    expect(services.map(({ Spec }) => Spec.Name)).toContain('wide_web');
    for (const kind of Object.keys(metadata)) {
      const text = await readFile(kept.path(`${kind}.json`), 'utf8');
      for (const value of values.values()) {
        expect(text).not.toContain(value.toString('base64'));
        expect(text).not.toContain(value.toString('latin1'));
      }
    }
  });

  test('changes no service and leaves its tasks running', async () => {
    const manager = await old.manager();
    const state = async (): Promise<unknown> => [
      await readState(old),
      ((await manager.engine.services.list()) as unknown as Versioned[]).map((one) => [one.ID, one.Version]),
      ((await manager.engine.nodes.list()) as Versioned[]).map((one) => [one.ID, one.Version]),
      await Promise.all(
        old.nodes.map(async ({ engine }) =>
          (
            await engine.containers.list({ filters: { label: ['com.docker.swarm.service.name=wide_web'] } })
          ).map(({ Id, State }) => [Id, State]),
        ),
      ),
    ];
    const untouched = await state();
    expect(JSON.stringify(untouched)).toContain('"running"');
    await using second = await openArtifactStore();
    expect(await method.backup(old, second.writer)).toEqual(metadata);
    expect(await state()).toEqual(untouched);
  });
});

test('reads values of secrets only from the tasks that have them', async () => {
  expect(await readSecretsInTasks(old)).toEqual(new Map([['wide_token', values.get('wide_token')]]));
});

describe('a restore on a fresh swarm', () => {
  let rebuilt: RebuiltServices;
  let after: SwarmState;
  beforeAll(async () => {
    rebuilt = await restore();
    after = await readState(fresh);
  });

  test('creates objects in the order of their dependencies', () => {
    const kinds = rebuilt.created.map((one) => one.split(' ')[0]);
    expect([...new Set(kinds)]).toEqual(['network', 'config', 'secret', 'availability', 'labels', 'service']);
    expect(rebuilt.created.filter((one) => one.startsWith('service'))).toHaveLength(10);
  });

  test('keeps no id', () => {
    const ids = Object.keys(before.nameById);
    expect(ids.length).toBeGreaterThan(20);
    expect(Object.keys(after.nameById).filter((id) => ids.includes(id))).toEqual([]);
  });

  test('creates services that ask for the same, with three documented exceptions', () => {
    const expected = structuredClone(before.services);
    const { legacy, forced, wide_web: web } = expected as Record<string, RawService['Spec']>;
    if (!legacy || !forced || !web) throw new Error('the workload has changed');
    // Reset: how often an update was forced.
    expect(forced.TaskTemplate.ForceUpdate).toBe(1);
    forced.TaskTemplate.ForceUpdate = 0;
    // Moved: networks where clients before API 1.25 put them.
    legacy.TaskTemplate.Networks = legacy.Networks;
    delete legacy.Networks;
    // Fixed: the ports that the engine chose.
    const chosen = web.EndpointSpec.Ports.filter(({ PublishedPort }) => !PublishedPort);
    expect(chosen).toHaveLength(2);
    for (const port of chosen) port.PublishedPort = 30000;
    expect(after.services).toEqual(expected);
  });

  test('creates equal networks, configs and secrets, with the labels of the stack', () => {
    expect(after.networks).toEqual(before.networks);
    expect(after.networks['wide_back']).toMatchObject({ Labels: { 'com.docker.stack.namespace': 'wide' } });
    expect(after.configs).toEqual(before.configs);
    expect(after.secrets).toEqual(before.secrets);
    expect(Object.keys(after.secrets)).toEqual(['unmounted', 'wide_token']);
  });

  test('restores node labels and availability', () => {
    expect(after.nodes).toEqual(before.nodes);
    expect(after.nodes['manager-1']).toEqual({ labels: { zone: 'a' }, availability: 'pause' });
  });

  test('gets the same ports and runs as many tasks, on the same nodes', async () => {
    expect(after.ports).toEqual(before.ports);
    expect(after.ports['wide_web']).toHaveLength(4);
    const running = ['wide_web', 'legacy', 'pinned', 'by-hostname', 'forced', 'on-host'];
    await fresh.converged(undefined, running);
    for (const service of ['pinned', 'by-hostname', 'wide_web'])
      expect((await fresh.nodeOf(service)).name).toBe('worker-1');
  });

  test('gives tasks the bytes, owner and mode of secrets and configs, and network aliases', async () => {
    await fresh.converged(undefined, ['wide_web', 'legacy']);
    const inWeb = async (...argv: string[]): Promise<Buffer> => {
      const { node, id } = await fresh.taskContainer('wide_web');
      const { bytes, exitCode, stderr } = await bytesOf(await node.engine.containers.startProcess(id, argv));
      if (exitCode !== 0) throw new Error(stderr);
      return bytes;
    };
    expect(await inWeb('cat', '/run/secrets/the-token')).toEqual(values.get('wide_token'));
    const settings = before.configs['wide_settings'] as { Data: string };
    expect(await inWeb('cat', '/etc/settings.bin')).toEqual(Buffer.from(settings.Data, 'base64'));
    expect(String(await inWeb('cat', '/greeting'))).toMatch(/^wide_web \w{25} \w{25}$/);
    expect(String(await inWeb('stat', '-c', '%u %g %a', '/run/secrets/the-token'))).toBe('1000 1001 400\n');
    expect(String(await inWeb('stat', '-c', '%u %g %a', '/etc/settings.bin'))).toBe('1000 0 440\n');
    for (const name of ['www', 'grandfather'])
      expect(
        String(await inWeb('python3', '-c', `import socket; print(socket.gethostbyname('${name}'))`)),
      ).toMatch(/^10\.77\.0\./);
  });

  test('gives tasks files that the check finds equal, though a template renders differently in each task', async () => {
    await fresh.converged(undefined, ['wide_web']);
    expect(await mountedFilesMatch(fresh, await readMountedFiles(old)).observe()).toMatchObject({
      compared: 3,
      differences: [],
    });
  });

  test('refuses only the secrets when it runs again', async () => {
    const message = await restoreError();
    expect(message).toMatch(/secret wide_token exists/);
    expect(message).not.toMatch(/with another definition/);
  });
});

test('rebuilds two nodes on one, holds named services back until release, and leaves one out', async () => {
  const small = await newSwarm('small', 0);
  const rebuilt = await restore({
    swarm: small,
    ...ON_ONE_NODE,
    holdBack: ['wide_web', 'pinned'],
    leaveOut: ['counted'],
  });
  const names = async (): Promise<string[]> => Object.keys((await readState(small)).services);
  expect(await names()).not.toContain('wide_web');
  expect(await names()).not.toContain('pinned');
  expect(rebuilt.labels).toEqual({ 'manager-1': { zone: 'b', rack: '1' } });
  await Promise.all([rebuilt.release(), rebuilt.release()]);
  expect(await names()).toContain('wide_web');
  expect(await names()).not.toContain('counted');
  const { services } = await readState(small);
  expect(services['pinned']).toMatchObject({
    TaskTemplate: { Placement: { Constraints: ['node.id==manager-1'] } },
  });
});

test('holds node labels back, so that services start only when their data is in place', async () => {
  const waiting = await newSwarm('labels', 0);
  const rebuilt = await restore({ swarm: waiting, ...ON_ONE_NODE, holdBack: 'node labels' });
  expect((await readState(waiting)).nodes['manager-1']).toMatchObject({ labels: {} });
  expect(rebuilt.labels).toEqual({ 'manager-1': { zone: 'b', rack: '1' } });
  await waiting.converged(undefined, ['pinned']);
  await expect(waiting.taskContainer('wide_web')).rejects.toMatchObject({ code: 'no-task' });
  await rebuilt.release();
  await waiting.converged(undefined, ['wide_web']);
});

test('fails when the swarm accepts a network and gives it no addresses', async () => {
  emptyAfterTest(singleNode);
  await changeExport('networks.json', (text) => {
    const networks = JSON.parse(text) as { Name: string; IPAM: { Config: { Subnet: string }[] } }[];
    for (const { Name, IPAM } of networks)
      if (Name.startsWith('wide')) IPAM.Config = [{ Subnet: '10.77.0.0/24' }];
    return JSON.stringify(networks);
  });
  const message = await restoreError({ swarm: singleNode, ...ON_ONE_NODE });
  expect(message).toMatch(
    /waited 10.0 s for addresses for network wide_\w+: none yet; its subnet may be taken/,
  );
  expect(message).toMatch(/created before: network wide_\w+, network wide_\w+$/m);
});

test('fails when an older engine drops a setting of a service', async () => {
  emptyAfterTest(singleNode);
  const others: string[] = [];
  await changeExport('services.json', (text) => {
    const services = JSON.parse(text) as RawService[];
    for (const { Spec } of services)
      if (Spec.Name === 'pinned')
        Object.assign(Spec.TaskTemplate.ContainerSpec ?? {}, { OomScoreOfTomorrow: 7 });
      else others.push(Spec.Name);
    return JSON.stringify(services);
  });
  expect(await restoreError({ swarm: singleNode, ...ON_ONE_NODE, leaveOut: others })).toMatch(
    /created services differ from the export: service pinned: TaskTemplate\.ContainerSpec\.OomScoreOfTomorrow: was 7, is nothing/,
  );
});

test('lists what was created when the engine refuses a service', async () => {
  emptyAfterTest(singleNode);
  const { engine } = await singleNode.manager();
  await engine.services.create({
    Name: 'squatter',
    TaskTemplate: { ContainerSpec: { Image: singleNode.imageOf('toolbox'), Command: ['sleep', 'infinity'] } },
    EndpointSpec: { Ports: [{ TargetPort: 1, PublishedPort: 8090 }] },
  });
  const message = await restoreError({ swarm: singleNode, ...ON_ONE_NODE });
  expect(message).toMatch(
    /cannot create service wide_web: .*port '8090' is already in use by service 'squatter'/,
  );
  expect(message).toMatch(/created before: network wide_\w+, network wide_\w+, config .*secret wide_token/);
});

/** What the engine adds to a network without being asked. */
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
interface SwarmState {
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

/** Reads everything from the engine with names instead of ids, without any code of the method. */
async function readState(swarm: Swarm): Promise<SwarmState> {
  const { engine } = await swarm.manager();
  const listed = async (list: Promise<unknown>): Promise<Raw[]> => (await list) as Raw[];
  const [services, networks, configs, secrets, nodes] = await Promise.all([
    listed(engine.services.list()),
    listed(engine.networks.list({ scope: ['swarm'] })),
    listed(engine.configs.list()),
    listed(engine.secrets.list()),
    listed(engine.nodes.list()),
  ]);
  const nameById: Record<string, string> = {};
  for (const one of networks) nameById[(one as unknown as { Id: string }).Id] = one.Name;
  for (const { ID, Spec } of [...services, ...configs, ...secrets]) nameById[ID] = Spec.Name;
  for (const { ID, Description } of nodes) nameById[ID] = Description.Hostname;
  for (const { Target } of services.flatMap(({ Spec }) => Spec.TaskTemplate?.Networks ?? []))
    nameById[Target] ??= ((await engine.networks.inspect(Target)) as { Name: string }).Name;
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
