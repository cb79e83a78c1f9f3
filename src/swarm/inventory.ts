// Everything a swarm holds, as plain values by kind and name: what one swarm is compared with another by.
import { createHash } from 'node:crypto';
import type { Node } from './node.ts';
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

export interface Inventory {
  readonly objects: Readonly<Partial<Record<InventoryKind, Objects>>>;
  readonly topology: readonly TopologyNode[];
}

/** SHA-256, for what must be compared but not told. */
export const digest = (value: string): string => createHash('sha256').update(value).digest('hex');

interface Spec {
  readonly Name?: string;
  readonly Labels?: Record<string, string>;
}
/** What the engine's API answers; dockerode has no types for most of it. */
type Loose = Readonly<Record<string, unknown>>;

/** Reads everything: the cluster through `manager`, and each node through its own engine. */
export async function takeInventory(manager: Node, nodes: readonly Node[]): Promise<Inventory> {
  const { docker } = manager;
  // One call after the other: each at once would need a connection of its own, which costs more than the calls.
  const cluster = (await docker.swarmInspect()) as Loose;
  const members = (await docker.listNodes()) as Loose[];
  const services = (await docker.listServices()) as unknown[] as Loose[];
  const tasks = (await docker.listTasks()) as Loose[];
  const networks = (await docker.listNetworks()) as unknown[] as Loose[];
  const secrets = (await docker.listSecrets()) as unknown[] as Loose[];
  const configs = (await docker.listConfigs()) as unknown[] as Loose[];
  const nameById = new Map<string, string>();
  for (const one of members) nameById.set(one['ID'] as string, hostnameOf(one));
  for (const one of networks) nameById.set(one['Id'] as string, one['Name'] as string);
  for (const one of services) nameById.set(one['ID'] as string, specOf(one).Name ?? '');
  const named = (list: Loose[], value: (one: Loose) => unknown): Objects =>
    Object.fromEntries(list.map((one) => [specOf(one).Name ?? '', value(one)]));
  const tls = cluster['TLSInfo'] as { TrustRoot?: string } | undefined;
  const tokens = cluster['JoinTokens'] as { Manager: string; Worker: string };
  const locals = await Promise.all(nodes.map(localObjects));
  const merged = (kind: InventoryKind): Objects =>
    Object.assign({}, ...locals.map((local) => local[kind] ?? {})) as Objects;
  return {
    objects: {
      'cluster identity': {
        id: cluster['ID'],
        'root CA': digest(tls?.TrustRoot ?? ''),
        'address pools': [cluster['DefaultAddrPool'], cluster['SubnetSize'], cluster['DataPathPort']],
        settings: withoutVolatile(cluster['Spec']),
      },
      'join tokens': { manager: digest(tokens.Manager), worker: digest(tokens.Worker) },
      nodes: Object.fromEntries(members.map((one) => [hostnameOf(one), memberOf(one)])),
      'node labels': Object.fromEntries(members.map((one) => [hostnameOf(one), specOf(one).Labels ?? {}])),
      services: named(services, (one) => portable(one['Spec'], nameById)),
      tasks: Object.fromEntries(
        running(tasks).map((one) => [
          taskName(one, nameById),
          nameById.get(one['NodeID'] as string) ?? 'nowhere',
        ]),
      ),
      networks: Object.fromEntries(
        networks
          .filter((one) => one['Scope'] === 'swarm')
          .map((one) => [one['Name'] as string, networkOf(one)]),
      ),
      secrets: named(secrets, (one) => specOf(one)),
      configs: named(configs, (one) => specOf(one)),
      'published ports': named(
        services,
        (one) => (one['Endpoint'] as { Ports?: unknown } | undefined)?.Ports ?? [],
      ),
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
  const { docker, name } = node;
  const volumes = await docker.listVolumes();
  const images = await docker.listImages();
  const plugins = (await docker.listPlugins()) as { Name: string; Enabled: boolean }[];
  const networks = await docker.listNetworks({ filters: { scope: ['local'] } });
  const containers = await docker.listContainers({ all: true });
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
      volumes.Volumes.filter((one) => !/^[0-9a-f]{64}$/.test(one.Name)).map((one) => [
        key(one.Name),
        // None and an empty list of them are the same, and engines tell either.
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
    'daemon configuration': daemon.trim() ? { [key('daemon.json')]: digest(daemon.trim()) } : {},
    'registry logins': Object.fromEntries(auths.map((host) => [key(host), true])),
  };
}

const specOf = (one: Loose): Spec => one['Spec'] ?? {};
const hostnameOf = (one: Loose): string =>
  (one['Description'] as { Hostname?: string } | undefined)?.Hostname ?? (one['ID'] as string);

function memberOf(one: Loose): unknown {
  const spec = one['Spec'] as { Role: string; Availability: string };
  return { role: spec.Role, availability: spec.Availability };
}

function networkOf(one: Loose): unknown {
  const { Name, Driver, Attachable, Internal, Ingress, EnableIPv6, IPAM, Options, Labels } = one as Record<
    string,
    unknown
  >;
  // The swarm gives these numbers out as it makes its networks, and nobody sees them.
  const { 'com.docker.network.driver.overlay.vxlanid_list': _, ...asked } = (Options ?? {}) as Record<
    string,
    unknown
  >;
  return { Name, Driver, Attachable, Internal, Ingress, EnableIPv6, IPAM, Options: asked, Labels };
}

/** Ids of networks, secrets and configs become names, so that a rebuilt service can be compared with the old one. */
function portable(spec: unknown, nameById: ReadonlyMap<string, string>): unknown {
  return JSON.parse(
    JSON.stringify(spec, (key, value: unknown) => {
      if (key === 'SecretID' || key === 'ConfigID' || key === 'ForceUpdate') return undefined;
      if (key === 'Target' && typeof value === 'string') return nameById.get(value) ?? value;
      return value;
    }),
  );
}

function withoutVolatile(spec: unknown): unknown {
  return JSON.parse(
    JSON.stringify(spec, (key, value: unknown) => (key === 'ForceRotate' ? undefined : value)),
  );
}

interface TaskState {
  readonly State: string;
}
const running = (tasks: Loose[]): Loose[] =>
  tasks.filter(
    (one) => (one['Status'] as TaskState).State === 'running' && one['DesiredState'] === 'running',
  );

const taskName = (one: Loose, names: ReadonlyMap<string, string>): string =>
  `${names.get(one['ServiceID'] as string) ?? '?'}.${(one['Slot'] as number | undefined) ?? names.get(one['NodeID'] as string) ?? '?'}`;

function bindSources(services: Loose[]): Objects {
  const sources: Record<string, unknown> = {};
  for (const one of services) {
    const template = (
      one['Spec'] as { TaskTemplate?: { ContainerSpec?: { Mounts?: { Type: string; Source: string }[] } } }
    ).TaskTemplate;
    for (const mount of template?.ContainerSpec?.Mounts ?? [])
      if (mount.Type === 'bind') sources[`${mount.Source} of ${specOf(one).Name}`] = mount.Source;
  }
  return sources;
}

function topologyOf(one: Loose, tasks: Loose[], names: ReadonlyMap<string, string>): TopologyNode {
  const status = one['Status'] as { State: string; Addr?: string };
  const manager = one['ManagerStatus'] as { Leader?: boolean; Addr?: string } | undefined;
  return {
    name: hostnameOf(one),
    role: (one['Spec'] as { Role: 'manager' | 'worker' }).Role,
    address: manager?.Addr?.replace(/:\d+$/, '') ?? status.Addr ?? '',
    leader: manager?.Leader ?? false,
    state: status.State,
    labels: specOf(one).Labels ?? {},
    tasks: running(tasks)
      .filter((task) => task['NodeID'] === one['ID'])
      .map((task) => names.get(task['ServiceID'] as string) ?? '?')
      .sort(),
  };
}
