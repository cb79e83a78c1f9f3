// Constraints that name one node. A task whose node does not exist waits forever, without a word.
import type { Member, ServiceSpec } from '../../lab/engine/api.ts';
import { isSameName, parseNodeConstraint, type NodeConstraint } from '../../swarm/service/service-spec.ts';

/** Returns the nodes that the service must run on; a node that it must not run on may be missing. */
export const requiredNodesOf = ({ TaskTemplate }: ServiceSpec): NodeConstraint[] =>
  (TaskTemplate.Placement?.Constraints ?? [])
    .map(parseNodeConstraint)
    .filter((constraint): constraint is NodeConstraint => constraint?.operator === '==');

/** Returns the ids in constraints of services, as they are in the compose files. */
export const requiredNodeIds = (services: readonly ServiceSpec[]): NodeIdOf[] =>
  services.flatMap((spec) =>
    requiredNodesOf(spec)
      .filter(({ field }) => field === 'node.id')
      .map(({ node }) => ({ service: spec.Name, id: node })),
  );

export interface NodeIdOf {
  readonly service: string;
  readonly id: string;
}

/**
 * Returns one sentence for each node that a service requires and that is not ready.
 * @param ids that services require; those in `services` have been replaced by host names
 */
export function findUnknownNodes(
  services: readonly ServiceSpec[],
  ids: readonly NodeIdOf[],
  members: readonly Member[],
): string[] {
  const ready = members.filter(({ Status }) => Status.State === 'ready');
  return [
    ...services.flatMap((spec) =>
      requiredNodesOf(spec)
        .filter(({ field, node }) => field === 'node.hostname' && !ready.some(isNamed(node)))
        .map(({ node }) => `service ${spec.Name} requires the host name ${node}, which no ready node has`),
    ),
    ...ids
      .filter(({ id }) => !ready.some(({ ID }) => isSameName(ID, id)))
      .map(({ service, id }) => `service ${service} requires the node id ${id}, which no ready node has`),
  ];
}

const isNamed =
  (host: string) =>
  ({ Description }: Member): boolean =>
    isSameName(Description.Hostname, host);
