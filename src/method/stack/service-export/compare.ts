// What a restore created, compared with what it was created from.
import type { NetworkSpec } from '../../../lab/engine/api.ts';
import { listDifferences } from '../../../swarm/differences.ts';
import { toNetworkSpec, tunnelIdsOf, withoutTunnelIds } from '../../../swarm/network-spec.ts';
import type { SwarmDefinition } from './swarm-definition.ts';

type ByName<T> = ReadonlyMap<string, T>;

/**
 * Compares everything but services, one sentence for each difference.
 * @param labels whether the labels of nodes have been set
 */
export function compareObjects(desired: SwarmDefinition, now: SwarmDefinition, labels: boolean): string[] {
  return [
    ...[...desired.networks].flatMap((network) =>
      findShortfalls('network', new Map([network]), now.networks, networkLike(network[1])),
    ),
    ...findShortfalls('config', desired.configs, now.configs),
    ...findShortfalls('secret', desired.secrets, now.secrets, ({ Data: _, ...spec }) => spec),
    ...findShortfalls('node', desired.nodes, now.nodes, (node) => ({
      availability: node.availability,
      labels: labels ? node.labels : {},
    })),
  ];
}

/** Without the ids of tunnels that the engine assigned because none were requested. */
const networkLike =
  (requested: NetworkSpec) =>
  (network: NetworkSpec): NetworkSpec =>
    tunnelIdsOf(requested).length > 0 ? toNetworkSpec(network) : withoutTunnelIds(toNetworkSpec(network));

/** Returns one sentence for each object that is missing, and for each field that differs. */
export const findShortfalls = <T>(
  kind: string,
  desired: ByName<T>,
  now: ByName<T>,
  toComparable: (object: T) => unknown = (object) => object,
): string[] =>
  [...desired].flatMap(([name, object]) => {
    const found = now.get(name);
    if (found === undefined) return [`${kind} ${name} is missing`];
    return withoutData(listDifferences(toComparable(object), toComparable(found))).map(
      (where) => `${kind} ${name}: ${where}`,
    );
  });

/** The bytes of a config do not belong in an error. */
export const withoutData = (found: readonly string[]): string[] =>
  found.map((one) => (one.startsWith('.Data:') ? 'its bytes differ' : one.replace(/^\./, '')));
