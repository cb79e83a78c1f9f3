// Everything a swarm holds, as plain values by kind and name: what one swarm is compared with another by.
import { sha256 } from '../support/sha256.ts';
import type { Member, NetworkInspection, ServiceInspection, TaskInspection } from '../lab/engine/api.ts';
import type { Engine } from '../lab/engine/engine.ts';
import { toComparableNetwork } from './network-spec.ts';
import { namesOfHosts } from './host-names.ts';
import type { Node } from './node/node.ts';
import { toComparableSpec, toPortableSpec } from './service/service-spec.ts';
import type { TopologyNode } from './topology.ts';

/** The kinds of object that an inventory lists; what only a running task or a workload knows is not among them. */
export type InventoryKind =
  | 'cluster identity'
  | 'join tokens'
  | 'nodes'
  | 'node labels'
  | 'services'
  | 'tasks'
  | 'networks'
  | 'secrets'
  | 'configs'
  | 'volumes'
  | 'images'
  | 'plugins'
  | 'registry logins'
  | 'daemon configuration'
  | 'local networks'
  | 'containers outside of Swarm'
  | 'bind-mount sources'
  | 'published ports';

/** By name; a value is compared as JSON. */
export type Objects = Readonly<Record<string, unknown>>;

/** Every object of a swarm and its nodes. */
export interface Inventory {
  readonly objects: Readonly<Partial<Record<InventoryKind, Objects>>>;
  readonly topology: readonly TopologyNode[];
}

/** Reads everything: the cluster through `manager`, and each node through its own engine. */
export async function takeInventory(manager: Node, nodes: readonly Node[]): Promise<Inventory> {
  const { engine } = manager;
  // One call after the other: all at once would need a connection each, which costs more than the calls.
  const cluster = await engine.swarm.inspect();
  const members = await engine.nodes.list();
  const services = await engine.services.list();
  const tasks = await engine.tasks.list();
  const networks = await engine.networks.list();
  const secrets = await engine.secrets.list();
  const configs = await engine.configs.list();
  const nameById = new Map<string, string>();
  for (const { ID, Description } of members) nameById.set(ID, Description.Hostname);
  // Each swarm has its own ids for `host` and `bridge`.
  const unlisted = await inspectUnlistedNetworks(engine, services, networks);
  for (const { Id, Name } of [...networks, ...unlisted]) nameById.set(Id, Name);
  for (const { ID, Spec } of [...services, ...secrets, ...configs]) nameById.set(ID, Spec.Name);
  const bySpec = <T extends { readonly Spec: { readonly Name: string } }>(
    list: readonly T[],
    value: (one: T) => unknown = ({ Spec }) => Spec,
  ): Objects => Object.fromEntries(list.map((one) => [one.Spec.Name, value(one)]));
  const hosts = namesOfHosts(members);
  const byHost = (value: (one: Member) => unknown): Objects =>
    Object.fromEntries([...hosts].map(([name, one]) => [name, value(one)]));
  const locals = await Promise.all(nodes.map(localObjects));
  const merged = (kind: InventoryKind): Objects =>
    Object.assign({}, ...locals.map((local) => local[kind] ?? {})) as Objects;
  return {
    objects: {
      'cluster identity': {
        id: cluster.ID,
        'root CA': sha256(cluster.TLSInfo.TrustRoot),
        'address pools': [cluster.DefaultAddrPool, cluster.SubnetSize, cluster.DataPathPort],
        settings: withoutVolatile(cluster.Spec),
      },
      'join tokens': {
        manager: sha256(cluster.JoinTokens.Manager),
        worker: sha256(cluster.JoinTokens.Worker),
      },
      nodes: byHost(({ Spec }) => ({ role: Spec.Role, availability: Spec.Availability })),
      'node labels': byHost(({ Spec }) => Spec.Labels ?? {}),
      services: bySpec(services, (one) => toComparableSpec(toPortableSpec(one, (id) => nameById.get(id)))),
      tasks: Object.fromEntries(
        running(tasks).map((one) => [taskName(one, nameById), nameById.get(one.NodeID ?? '') ?? 'nowhere']),
      ),
      networks: Object.fromEntries(
        networks.filter(({ Scope }) => Scope === 'swarm').map((one) => [one.Name, toComparableNetwork(one)]),
      ),
      secrets: bySpec(secrets),
      configs: bySpec(configs),
      'published ports': bySpec(services, ({ Endpoint }) => ({ Ports: Endpoint?.Ports ?? [] })),
      'bind-mount sources': bindSources(services),
      volumes: merged('volumes'),
      images: merged('images'),
      plugins: merged('plugins'),
      'registry logins': merged('registry logins'),
      'daemon configuration': merged('daemon configuration'),
      'local networks': merged('local networks'),
      'containers outside of Swarm': merged('containers outside of Swarm'),
    },
    topology: members
      .map((one) => topologyOf(one, tasks, nameById))
      .sort((a, b) => a.name.localeCompare(b.name)),
  };
}

/** What lives on one node only, and in no raft log. */
async function localObjects(node: Node): Promise<Partial<Record<InventoryKind, Objects>>> {
  const { engine, name } = node;
  const volumes = await engine.volumes.list();
  const images = await engine.images.list();
  const plugins = await engine.plugins.list();
  const networks = await engine.networks.list({ scope: ['local'] });
  const containers = await engine.containers.list({ all: true });
  const files = await node.exec([
    'sh',
    '-c',
    'cat /etc/docker/daemon.json 2>/dev/null; echo; echo ==; cat /root/.docker/config.json 2>/dev/null || true',
  ]);
  const key = (what: string): string => `${what} on ${name}`;
  const [daemon = '', logins = ''] = files.split('\n==\n');
  const builtIn = new Set(['bridge', 'host', 'none', 'docker_gwbridge']);
  const auths = Object.keys((JSON.parse(logins.trim() || '{}') as { auths?: object }).auths ?? {});
  return {
    // Anonymous volumes have no name to come back under: they are counted with their containers, not here.
    volumes: Object.fromEntries(
      volumes
        .filter((one) => !/^[0-9a-f]{64}$/.test(one.Name))
        .map((one) => [
          key(one.Name),
          // No labels and an empty list of labels are the same, and engines return either.
          { Driver: one.Driver, Labels: one.Labels ?? {}, Options: one.Options ?? {} },
        ]),
    ),
    images: Object.fromEntries(images.map((one) => [key(one.RepoTags?.[0] ?? one.Id), one.Id])),
    plugins: Object.fromEntries(plugins.map((one) => [key(one.Name), one.Enabled])),
    'local networks': Object.fromEntries(
      networks
        .filter((one) => !builtIn.has(one.Name))
        .map((one) => [key(one.Name), { Driver: one.Driver, Options: one.Options ?? {} }]),
    ),
    'containers outside of Swarm': Object.fromEntries(
      containers
        .filter((one) => !('com.docker.swarm.task.id' in one.Labels))
        .map((one) => [key(one.Names[0] ?? one.Id), one.Image]),
    ),
    'daemon configuration': daemon.trim() ? { [key('daemon.json')]: sha256(daemon.trim()) } : {},
    'registry logins': Object.fromEntries(auths.map((host) => [key(host), true])),
  };
}

/** Inspects the networks that services refer to and the engine does not list: the swarm's own `host` and `bridge`. */
export async function inspectUnlistedNetworks(
  engine: Engine,
  services: readonly ServiceInspection[],
  listed: readonly NetworkInspection[],
): Promise<NetworkInspection[]> {
  const known = new Set(listed.map(({ Id }) => Id));
  const targets = services.flatMap(({ Spec }) => [
    ...(Spec.TaskTemplate.Networks ?? []),
    ...(Spec.Networks ?? []),
  ]);
  const unlisted = new Set(targets.map(({ Target }) => Target).filter((id) => !known.has(id)));
  const found: NetworkInspection[] = [];
  for (const id of unlisted) found.push(await engine.networks.inspect(id));
  return found;
}

function withoutVolatile(spec: unknown): unknown {
  return JSON.parse(
    JSON.stringify(spec, (key, value: unknown) => (key === 'ForceRotate' ? undefined : value)),
  );
}

const running = (tasks: readonly TaskInspection[]): TaskInspection[] =>
  tasks.filter(({ Status, DesiredState }) => Status.State === 'running' && DesiredState === 'running');

const taskName = (
  { ServiceID, Slot, NodeID = '' }: TaskInspection,
  names: ReadonlyMap<string, string>,
): string => `${names.get(ServiceID) ?? '?'}.${Slot ?? names.get(NodeID) ?? '?'}`;

function bindSources(services: readonly ServiceInspection[]): Objects {
  const sources: Record<string, unknown> = {};
  for (const { Spec } of services)
    for (const { Type, Source = '' } of Spec.TaskTemplate.ContainerSpec?.Mounts ?? [])
      if (Type === 'bind') sources[`${Source} of ${Spec.Name}`] = Source;
  return sources;
}

function topologyOf(
  { ID, Spec, Description, Status, ManagerStatus }: Member,
  tasks: readonly TaskInspection[],
  names: ReadonlyMap<string, string>,
): TopologyNode {
  return {
    name: Description.Hostname,
    role: Spec.Role,
    address: ManagerStatus?.Addr?.replace(/:\d+$/, '') ?? Status.Addr ?? '',
    engine: Description.Engine?.EngineVersion,
    leader: ManagerStatus?.Leader ?? false,
    state: Status.State,
    labels: Spec.Labels ?? {},
    tasks: running(tasks)
      .filter(({ NodeID }) => NodeID === ID)
      .map(({ ServiceID }) => names.get(ServiceID) ?? '?')
      .sort(),
  };
}
