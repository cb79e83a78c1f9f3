// Networks of the target that stop a deployment half-way: the engine refuses a taken name only when it comes to it. It accepts a taken
// subnet: the network then never gets an address if another network of the swarm has it, and if a local one of a node has it, the node
// rejects every task.
import { BlockList, isIPv6 } from 'node:net';
import type { NetworkInspection, NetworkSpec } from '../../lab/engine/api.ts';
import { mayBeAssigned, subnetsOf, tunnelIdsOf } from '../../swarm/network-spec.ts';
import type { Swarm } from '../../swarm/swarm.ts';

/** A network that exists on one node only, and which node. */
export interface LocalNetwork {
  readonly node: string;
  readonly network: NetworkInspection;
}

/** Reads the local networks of all nodes, also the default bridges. A node whose engine does not answer has none. */
export async function readLocalNetworks(swarm: Swarm): Promise<LocalNetwork[]> {
  const lists = swarm.nodes.map(async ({ name: node, engine }) => {
    const networks = await engine.networks.list({ scope: ['local'] }).catch(() => []);
    return networks.map((network) => ({ node, network }));
  });
  return (await Promise.all(lists)).flat();
}

/**
 * Returns why networks can't be created, one sentence each.
 * @param created specs of the networks that will be created
 * @param swarmNetworks networks that the swarm has
 */
export function findTakenNetworks(
  created: readonly NetworkSpec[],
  swarmNetworks: readonly NetworkSpec[],
  localNetworks: readonly LocalNetwork[],
): string[] {
  return created.flatMap((network) => [
    ...localNetworks
      .filter(({ network: { Name } }) => Name === network.Name)
      .map(({ node }) => `network ${network.Name} exists on ${node} as a local network`),
    ...subnetsOf(network).flatMap((subnet) => {
      const taken = (by: string): string => `subnet ${subnet} of network ${network.Name} is taken by ${by}`;
      const takes = (other: NetworkSpec): boolean =>
        subnetsOf(other).some((existing) => overlap(subnet, existing));
      return [
        ...swarmNetworks.filter(takes).map(({ Name }) => taken(`network ${Name}`)),
        ...localNetworks
          .filter((local) => takes(local.network))
          .map(({ node, network: { Name } }) => taken(`the local network ${Name} of ${node}`)),
      ];
    }),
  ]);
}

/**
 * Returns the requested ids of tunnels that another network has. Those that the engine may have assigned are not among them: it assigns
 * others instead.
 */
export const findTakenTunnels = (
  created: readonly NetworkSpec[],
  swarmNetworks: readonly NetworkSpec[],
): string[] =>
  created
    .filter((network) => !mayBeAssigned(network))
    .flatMap((network) =>
      swarmNetworks
        .filter((other) => shareTunnels(network, other))
        .map(
          ({ Name }) =>
            `vxlan id ${tunnelIdsOf(network).join(',')} of network ${network.Name} is taken by network ${Name}`,
        ),
    );

export const shareTunnels = (one: NetworkSpec, other: NetworkSpec): boolean =>
  tunnelIdsOf(one).some((id) => tunnelIdsOf(other).includes(id));

function overlap(one: string, other: string): boolean {
  const covers = (outer: string, inner: string): boolean => {
    const [address = '', prefix] = outer.split('/');
    const [first = ''] = inner.split('/');
    const family = isIPv6(address) ? 'ipv6' : 'ipv4';
    const list = new BlockList();
    list.addSubnet(address, Number(prefix), family);
    return isIPv6(first) === isIPv6(address) && list.check(first, family);
  };
  return covers(one, other) || covers(other, one);
}
