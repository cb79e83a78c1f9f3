// How a running stack differs from what it should be: from the compose files at the backup, from the record after a restore.
import type {
  NetworkSpec,
  SecretOrConfig,
  SecretOrConfigSpec,
  ServiceSpec,
} from '../../../lab/engine/api.ts';
import { listDifferences } from '../../../swarm/differences.ts';
import { sha256 } from '../../../support/sha256.ts';
import { subnetsOf, TUNNEL_IDS, tunnelIdsOf, withoutTunnelIds } from '../../../swarm/network-spec.ts';
import { toComparableSpec } from '../../../swarm/service/service-spec.ts';

import { imageOf, type DeployedStack, type DesiredStack, type ServicesByName } from './deployed.ts';

/**
 * Returns how the running stack differs, one sentence for each difference.
 * @param from where the desired stack comes from, e.g. `the compose files`
 */
export function findChanges(deployed: DeployedStack, desired: DesiredStack, from: string): string[] {
  return [
    ...serviceChanges(deployed.services, desired.services, from),
    ...networkChanges(deployed.objects.networks, desired.networks),
    ...configChanges(deployed.objects.configs, desired.configs),
    ...contentChanges('secret', deployed.objects.secrets, desired.secrets),
  ];
}

function serviceChanges(current: ServicesByName, desired: ServicesByName, from: string): string[] {
  const changed = [...desired].flatMap(([name, spec]) => {
    const found = current.get(name);
    if (!found) return [`service ${name} does not run`];
    return listDifferences(toComparableSpec(spec), toComparableSpec(withoutRegistryAnswer(found, spec))).map(
      (where) => `${name}${where}`,
    );
  });
  const extra = [...current.keys()].filter((name) => !desired.has(name));
  return [...changed, ...extra.map((name) => `service ${name} is not in ${from}`)];
}

/**
 * A client that deploys asks the registry, and adds the answer to what the compose file says: the digest to the tag, and the platforms
 * of the image to the placement (https://github.com/docker/cli/issues/386). Neither is a change.
 */
function withoutRegistryAnswer(current: ServiceSpec, desired: ServiceSpec): ServiceSpec {
  const { ContainerSpec, Placement } = current.TaskTemplate;
  const Image = imageOf(desired);
  const isPinned = Image !== undefined && ContainerSpec?.Image?.startsWith(`${Image}@sha256:`);
  const { Platforms: _, ...placement } = Placement ?? {};
  return {
    ...current,
    TaskTemplate: {
      ...current.TaskTemplate,
      ...(isPinned ? { ContainerSpec: { ...ContainerSpec, Image } } : {}),
      ...(desired.TaskTemplate.Placement?.Platforms ? {} : { Placement: placement }),
    },
  };
}

export function networkChanges(current: readonly NetworkSpec[], desired: readonly NetworkSpec[]): string[] {
  return desired.flatMap((spec) => {
    const found = current.find(({ Name }) => Name === spec.Name);
    if (!found) return [`no network ${spec.Name}`];
    return listDifferences(toComposeNetwork(spec), toComposeNetwork(found, spec)).map(
      (where) => `network ${spec.Name}${where}`,
    );
  });
}

/** Returns what a compose file can define of a network; subnets and ids of tunnels only where `desired` has some. */
function toComposeNetwork(network: NetworkSpec, desired = network): unknown {
  const { Driver, Attachable = false, Internal = false, Labels, IPAM } = network;
  const ids = tunnelIdsOf(network).slice(0, tunnelIdsOf(desired).length);
  return {
    Driver: Driver || 'overlay',
    Attachable,
    Internal,
    Labels: Labels ?? {},
    Options: {
      ...withoutTunnelIds(network).Options,
      ...(ids.length > 0 ? { [TUNNEL_IDS]: ids.join(',') } : {}),
    },
    AddressDriver: IPAM?.Driver || 'default',
    Subnets: subnetsOf(desired).length > 0 ? subnetsOf(network) : [],
  };
}

export const configChanges = (
  current: readonly SecretOrConfig[],
  desired: readonly SecretOrConfigSpec[],
): string[] => contentChanges('config', current, desired);

function contentChanges(
  kind: string,
  current: readonly SecretOrConfig[],
  desired: readonly SecretOrConfigSpec[],
): string[] {
  return desired.flatMap((spec) => {
    const found = current.find(({ Spec }) => Spec.Name === spec.Name);
    if (!found) return [`no ${kind} ${spec.Name}`];
    return listDifferences(withDigest(spec), withDigest(found.Spec)).map((where) =>
      where.startsWith('.Digest') ? `${kind} ${spec.Name}: its bytes differ` : `${kind} ${spec.Name}${where}`,
    );
  });
}

/** Returns the spec with a SHA-256 in place of its bytes. */
export function withDigest({ Data, ...spec }: SecretOrConfigSpec & { readonly Digest?: string | undefined }) {
  return Data === undefined ? spec : { ...spec, Digest: sha256(Data) };
}
