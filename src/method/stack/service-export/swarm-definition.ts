// A swarm's definition with names instead of ids: what is to be created, or what exists. Two definitions can be compared.
import type {
  Member,
  NetworkSpec,
  SecretOrConfig,
  SecretOrConfigSpec,
  ServiceSpec,
} from '../../../lab/engine/api.ts';
import { isPredefined, toNetworkSpec } from '../../../swarm/network-spec.ts';
import { parseNodeConstraint, toPortableSpec } from '../../../swarm/service-spec.ts';
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
}

/** @param hosts by host name of the objects, the host name that replaces it */
export function toDefinition(
  objects: SwarmObjects,
  hosts: Readonly<Record<string, string>> = {},
): SwarmDefinition {
  const moved = (host: string): string => hosts[host] ?? host;
  const names = namesById(objects);
  const nodeIds = new Set(objects.nodes.map(({ ID }) => ID));
  const nameOf = (id: string): string | undefined => {
    const name = names.get(id);
    return name !== undefined && nodeIds.has(id) ? moved(name) : name;
  };
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
    nodes: nodesOf(objects, moved),
  };
}

/**
 * A replaced host has a dead node with the same name as its live one: the live node's settings count. When two hosts become one,
 * the settings of the moved host count.
 */
function nodesOf({ nodes }: SwarmObjects, moved: (host: string) => string): Map<string, NodeSettings> {
  const isMoved = ({ Description }: Member): number =>
    Number(moved(Description.Hostname) !== Description.Hostname);
  const found = new Map<string, NodeSettings>();
  for (const { Description, Spec, Status } of nodes.toSorted((a, b) => isMoved(a) - isMoved(b))) {
    const host = moved(Description.Hostname);
    const known = found.get(host);
    const ready = Status?.State === 'ready';
    if (known?.ready && !ready) continue;
    const labels = known?.ready === ready ? { ...known.labels, ...Spec.Labels } : { ...Spec.Labels };
    found.set(host, { labels, availability: Spec.Availability, ready });
  }
  return found;
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
