// A definition by names alone: what is to be built, or what stands already. Two of them can be compared.
import {
  isPredefined,
  networkDefinition,
  nodeConstraint,
  portableSpec,
  type ServiceSpec,
} from '../../../swarm/portable.ts';
import type { Member } from '../../../swarm/swarm.ts';
import { namesById, type SwarmObjects, type SecretOrConfig } from './swarm-objects.ts';

export interface NodeSettings {
  readonly labels: Readonly<Record<string, string>>;
  /** `active`, `pause` or `drain`. */
  readonly availability: string;
  readonly ready: boolean;
}

export interface SwarmDefinition {
  readonly services: ReadonlyMap<string, ServiceSpec>;
  /** All that are the swarm's own, its ingress too; `host` and `bridge` are in `predefined`. */
  readonly networks: ReadonlyMap<string, Readonly<Record<string, unknown>>>;
  readonly predefined: ReadonlySet<string>;
  readonly configs: ReadonlyMap<string, SecretOrConfig['Spec']>;
  readonly secrets: ReadonlyMap<string, SecretOrConfig['Spec']>;
  /** By host name. */
  readonly nodes: ReadonlyMap<string, NodeSettings>;
}

/** @param hosts for a host name of the definition, the name of the host that takes its place */
export function toDefinition(
  definition: SwarmObjects,
  hosts: Readonly<Record<string, string>> = {},
): SwarmDefinition {
  const moved = (host: string): string => hosts[host] ?? host;
  const names = namesById(definition);
  const nodeIds = new Set(definition.nodes.map(({ ID }) => ID));
  const nameOf = (id: string): string | undefined => {
    const name = names.get(id);
    return name !== undefined && nodeIds.has(id) ? moved(name) : name;
  };
  const bySpec = (held: readonly SecretOrConfig[]): Map<string, SecretOrConfig['Spec']> =>
    new Map(held.map(({ Spec }) => [Spec.Name, Spec]));
  return {
    services: new Map(
      definition.services.map((service) => [
        service.Spec.Name,
        movedConstraints(portableSpec(service, nameOf), moved),
      ]),
    ),
    networks: new Map(
      definition.networks
        .filter((network) => !isPredefined(network))
        .map((network) => [network.Name, networkDefinition(network)]),
    ),
    predefined: new Set(definition.networks.filter(isPredefined).map(({ Name }) => Name)),
    configs: bySpec(definition.configs),
    secrets: bySpec(definition.secrets),
    nodes: nodesOf(definition, moved),
  };
}

/**
 * A host that was replaced has a dead entry beside its living one: the living one's settings count. Of two hosts that become one,
 * what was said of the moved one counts.
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
    const bound = nodeConstraint(constraint);
    return bound?.field === 'node.hostname' ? bound.on(moved(bound.node)) : constraint;
  });
  return { ...spec, TaskTemplate: { ...spec.TaskTemplate, Placement: { ...Placement, Constraints } } };
}
