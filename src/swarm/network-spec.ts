// Network specs that can be compared between swarms, and created on another swarm.
import type { NetworkInspection, NetworkSpec } from '../lab/engine/api.ts';

/** Whether it is `host` or `bridge` as services name them: every swarm has its own. */
export const isPredefined = ({ Labels }: Pick<NetworkInspection, 'Labels'>): boolean =>
  Labels?.['com.docker.swarm.predefined'] === 'true';

/** The ids of an overlay's tunnels, one for each subnet. The engine returns those that it assigned like those that were requested. */
export const TUNNEL_IDS = 'com.docker.network.driver.overlay.vxlanid_list';

/** The first id that an engine assigns. A network with a lower one was created with it. */
const FIRST_ASSIGNED_ID = 4096;

/** Returns what a network can be created from, including the ids of its tunnels. */
export function toNetworkSpec(network: NetworkSpec): NetworkSpec {
  const { Name, Driver, Attachable, Internal, Ingress, EnableIPv4, EnableIPv6, IPAM, Labels } = network;
  const ConfigFrom = network.ConfigFrom?.Network ? network.ConfigFrom : undefined;
  const requested = {
    Name,
    Driver,
    Attachable,
    Internal,
    Ingress,
    EnableIPv4,
    EnableIPv6,
    IPAM,
    Labels,
    ConfigFrom,
  };
  const entries = Object.entries(requested).filter(([, value]) => value !== undefined && value !== null);
  return { ...(Object.fromEntries(entries) as unknown as NetworkSpec), Options: { ...network.Options } };
}

/** Returns what two swarms can be compared by, also on engines of different versions: without the ids of tunnels if the engine may have assigned them. */
export function toComparableNetwork(network: NetworkSpec): NetworkSpec {
  const { EnableIPv4, ...others } = toNetworkSpec(network);
  // Engines before 28 have no networks without IPv4, and do not say so.
  const spec = EnableIPv4 === false ? { ...others, EnableIPv4 } : others;
  return mayBeAssigned(spec) ? withoutTunnelIds(spec) : spec;
}

export const tunnelIdsOf = ({ Options }: Pick<NetworkSpec, 'Options'>): string[] =>
  Options?.[TUNNEL_IDS]?.split(',') ?? [];

/** Whether no one needs to have requested the ids of its tunnels. */
export const mayBeAssigned = (network: Pick<NetworkSpec, 'Options'>): boolean =>
  tunnelIdsOf(network).every((id) => Number(id) >= FIRST_ASSIGNED_ID);

export function withoutTunnelIds(network: NetworkSpec): NetworkSpec {
  const { [TUNNEL_IDS]: _, ...Options } = network.Options ?? {};
  return { ...network, Options };
}

export const subnetsOf = ({ IPAM }: Pick<NetworkSpec, 'IPAM'>): string[] =>
  (IPAM?.Config ?? []).flatMap(({ Subnet }) => Subnet ?? []);
