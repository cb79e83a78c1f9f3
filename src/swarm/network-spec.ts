// Network specs that can be compared between swarms, and created on another swarm.
import type { NetworkInspection, NetworkSpec } from '../lab/engine/api.ts';

/** Whether it is `host` or `bridge` as services name them: every swarm has its own. */
export const isPredefined = ({ Labels }: Pick<NetworkInspection, 'Labels'>): boolean =>
  Labels?.['com.docker.swarm.predefined'] === 'true';

/** Returns what was requested of a network, without what the engine assigned, such as the ids of the overlay's tunnels. */
export function toNetworkSpec(network: NetworkSpec): NetworkSpec {
  const { Name, Driver, Attachable, Internal, Ingress, EnableIPv4, EnableIPv6, IPAM, Labels } = network;
  const ConfigFrom = network.ConfigFrom?.Network ? network.ConfigFrom : undefined;
  const { 'com.docker.network.driver.overlay.vxlanid_list': _, ...Options } = network.Options ?? {};
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
  return { ...(Object.fromEntries(entries) as unknown as NetworkSpec), Options };
}

export const subnetsOf = ({ IPAM }: Pick<NetworkSpec, 'IPAM'>): string[] =>
  (IPAM?.Config ?? []).flatMap(({ Subnet }) => Subnet ?? []);
