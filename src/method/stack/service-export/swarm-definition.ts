// A swarm's definition with names instead of ids: what is to be created, or what exists. Two definitions can be compared.
import type {
  Member,
  NetworkSpec,
  SecretOrConfig,
  SecretOrConfigSpec,
  ServiceSpec,
} from '../../../lab/engine/api.ts';
import { isPredefined, toNetworkSpec } from '../../../swarm/network-spec.ts';
import { parseNodeConstraint, toPortableSpec } from '../../../swarm/service/service-spec.ts';
import { namesById, type SwarmObjects } from '../swarm-objects.ts';

export interface NodeSettings {
  readonly labels: Readonly<Record<string, string>>;
  /** `active`, `pause` or `drain`. */
  readonly availability: string;
  readonly ready: boolean;
}

export interface SwarmDefinition {
  readonly services: ReadonlyMap<string, ServiceSpec>;
  /** Networks of the swarm, including its ingress; `host` and `bridge` are in `predefined`. */
  readonly networks: ReadonlyMap<string, NetworkSpec>;
  readonly predefined: ReadonlySet<string>;
  readonly configs: ReadonlyMap<string, SecretOrConfigSpec>;
  readonly secrets: ReadonlyMap<string, SecretOrConfigSpec>;
  /** By host name. */
  readonly nodes: ReadonlyMap<string, NodeSettings>;
  /** Ids of ready nodes by the host name that they share: nothing can be assigned to one of them by name. */
  readonly namesakes: ReadonlyMap<string, readonly string[]>;
}

/** @param hosts by host name or id of a node of the objects, the host name that replaces it */
export function toDefinition(
  objects: SwarmObjects,
  hosts: Readonly<Record<string, string>> = {},
): SwarmDefinition {
  const moved = (host: string): string => hosts[host] ?? host;
  const hostOf = ({ ID, Description }: Member): string => hosts[ID] ?? moved(Description.Hostname);
  const names = namesById(objects);
  const hostsById = new Map(objects.nodes.map((node) => [node.ID, hostOf(node)]));
  // A constraint may name a node that was removed long ago.
  const nameOf = (id: string): string | undefined => hostsById.get(id) ?? names.get(id) ?? hosts[id];
  const byName = (list: readonly SecretOrConfig[]): Map<string, SecretOrConfigSpec> =>
    new Map(list.map(({ Spec }) => [Spec.Name, Spec]));
  return {
    services: new Map(
      objects.services.map((service) => [
        service.Spec.Name,
        movedConstraints(toPortableSpec(service, nameOf), moved),
      ]),
    ),
    networks: new Map(
      objects.networks
        .filter((network) => !isPredefined(network))
        .map((network) => [network.Name, toNetworkSpec(network)]),
    ),
    predefined: new Set(objects.networks.filter(isPredefined).map(({ Name }) => Name)),
    configs: byName(objects.configs),
    secrets: byName(objects.secrets),
    nodes: nodesOf(objects, hostOf),
    namesakes: namesakesOf(objects.nodes.filter(({ ID }) => !(ID in hosts))),
  };
}

/**
 * A replaced host has a dead node with the same name as its live one: the live node's settings count. When two hosts become one,
 * the settings of the moved host count.
 */
function nodesOf({ nodes }: SwarmObjects, hostOf: (node: Member) => string): Map<string, NodeSettings> {
  const isMoved = (node: Member): number => Number(hostOf(node) !== node.Description.Hostname);
  const found = new Map<string, NodeSettings>();
  for (const node of nodes.toSorted((a, b) => isMoved(a) - isMoved(b))) {
    const { Spec, Status } = node;
    const host = hostOf(node);
    const known = found.get(host);
    const ready = Status?.State === 'ready';
    if (known?.ready && !ready) continue;
    const labels = known?.ready === ready ? { ...known.labels, ...Spec.Labels } : { ...Spec.Labels };
    found.set(host, { labels, availability: Spec.Availability, ready });
  }
  return found;
}

function namesakesOf(nodes: readonly Member[]): Map<string, string[]> {
  const ready = nodes.filter(({ Status }) => Status?.State === 'ready');
  const byHost = Map.groupBy(ready, ({ Description }) => Description.Hostname);
  return new Map(
    [...byHost]
      .filter(([, members]) => members.length > 1)
      .map(([host, all]) => [host, all.map(({ ID }) => ID)]),
  );
}

function movedConstraints(spec: ServiceSpec, moved: (host: string) => string): ServiceSpec {
  const { Placement } = spec.TaskTemplate;
  if (!Placement?.Constraints) return spec;
  const Constraints = Placement.Constraints.map((constraint) => {
    const bound = parseNodeConstraint(constraint);
    return bound?.field === 'node.hostname' ? bound.on(moved(bound.node)) : constraint;
  });
  return { ...spec, TaskTemplate: { ...spec.TaskTemplate, Placement: { ...Placement, Constraints } } };
}
