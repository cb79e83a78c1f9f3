// Finds every reason why a definition can't be rebuilt on a swarm before anything is created; each names its object.
import type { ServiceSpec } from '../../../lab/engine/api.ts';
import { listDifferences } from '../../../swarm/differences.ts';
import { toComparableNetwork } from '../../../swarm/network-spec.ts';
import {
  isSameName,
  mapReferences,
  toComparableSpec,
  type ReferenceKind,
} from '../../../swarm/service/service-spec.ts';
import { requiredNodesOf } from '../node-constraints.ts';
import type { SecretValues } from '../sealed-secrets.ts';
import { findTakenNetworks, findTakenTunnels, type LocalNetwork } from '../taken-networks.ts';
import { externalVolumesOf, findMissingVolumes, findOtherVolumes, type VolumesByNode } from '../volumes.ts';
import { withoutData } from './compare.ts';
import type { SwarmDefinition } from './swarm-definition.ts';

export interface RebuildConditions {
  /** Values of the sealed secrets. */
  readonly values: SecretValues;
  /** What the nodes of the target have. */
  readonly localNetworks: readonly LocalNetwork[];
  readonly volumes: VolumesByNode;
  /** Whether the service can start before `release`. */
  readonly startsAtOnce: (service: string) => boolean;
}

export function runPreflight(
  desired: SwarmDefinition,
  current: SwarmDefinition,
  { values, localNetworks, volumes, startsAtOnce }: RebuildConditions,
): string[] {
  const services = [...desired.services.values()];
  const networks = [...desired.networks]
    .filter(([name]) => !current.networks.has(name))
    .map(([, network]) => network);
  const existing = [...current.networks.values()];
  return [
    ...findSecretsWithoutValue(desired, values),
    ...findConflicts(desired, current),
    ...findTakenNetworks(networks, existing, localNetworks),
    ...findTakenTunnels(networks, existing),
    ...findOtherVolumes(services, volumes),
    ...findMissingVolumes(externalVolumesOf(services.filter(({ Name }) => startsAtOnce(Name))), volumes).map(
      (name) => `no volume ${name} on any node`,
    ),
    ...services.flatMap((spec) => findObstacles(spec, desired, current)),
    ...findLabelsWithoutHost(desired, current),
    ...findNamesakes(desired, current),
  ];
}

function findSecretsWithoutValue({ secrets }: SwarmDefinition, values: SecretValues): string[] {
  return [...secrets.values()]
    .filter(({ Name, Driver }) => !Driver && !values.get(Name)?.length)
    .map(({ Name }) => `${values.has(Name) ? 'empty' : 'no'} value for secret ${Name} in the sealed file`);
}

/** Equal objects are used as they are. A secret always conflicts, because no API returns its value. */
function findConflicts(desired: SwarmDefinition, current: SwarmDefinition): string[] {
  const conflicts = <T>(
    kind: string,
    [ours, theirs]: readonly [ReadonlyMap<string, T>, ReadonlyMap<string, T>],
    toComparable: (object: T) => unknown = (object) => object,
  ): string[] =>
    [...ours].flatMap(([name, object]) => {
      const other = theirs.get(name);
      const found = other === undefined ? [] : listDifferences(toComparable(object), toComparable(other));
      return found.length > 0
        ? [`${kind} ${name} exists with another definition: ${withoutData(found).join('; ')}`]
        : [];
    });
  const ingress = [...desired.networks].find(([, { Ingress }]) => Ingress)?.[0];
  return [
    ...conflicts('network', [desired.networks, current.networks], toComparableNetwork),
    ...(ingress === undefined || current.networks.has(ingress)
      ? []
      : [`no ingress network ${ingress}: create it with docker network create --ingress`]),
    ...conflicts('config', [desired.configs, current.configs]),
    ...conflicts('service', [desired.services, current.services], toComparableSpec),
    ...[...desired.secrets.keys()]
      .filter((name) => current.secrets.has(name))
      .map((name) => `secret ${name} exists, and its value can't be compared`),
  ];
}

/** Returns why the service can't be created. */
function findObstacles(spec: ServiceSpec, desired: SwarmDefinition, current: SwarmDefinition): string[] {
  const { Runtime = 'container' } = spec.TaskTemplate;
  const obstacle = (reason: string): string => `cannot create service ${spec.Name}: ${reason}`;
  if (Runtime !== 'container')
    return [obstacle(`it runs a ${Runtime}, which comes from a registry and is not in the export`)];
  const found: string[] = [];
  const exists: Record<ReferenceKind, (name: string) => boolean> = {
    network: (name) => desired.networks.has(name) || desired.predefined.has(name),
    secret: (name) => desired.secrets.has(name),
    config: (name) => desired.configs.has(name),
    // Below, since only a node that the service must run on has to exist.
    node: () => true,
  };
  mapReferences(spec, (kind, name) => {
    if (!exists[kind](name)) found.push(obstacle(`${kind} ${name} is not in the export`));
    return name;
  });
  const ready = [...current.nodes].filter(([, node]) => node.ready).map(([host]) => host);
  for (const { field, node } of requiredNodesOf(spec))
    if (!ready.some((host) => isSameName(host, node)))
      found.push(
        obstacle(
          field === 'node.id' ? `no ready node is named ${node}` : `no ready node has the host name ${node}`,
        ),
      );
  return found;
}

function findLabelsWithoutHost(desired: SwarmDefinition, current: SwarmDefinition): string[] {
  return [...desired.nodes]
    .filter(
      ([host, { labels, ready }]) =>
        ready && Object.keys(labels).length > 0 && !current.nodes.get(host)?.ready,
    )
    .map(([host]) => `no ready node is named ${host}, which has labels in the export`);
}

/** Labels, and constraints on ids, belong to one of several nodes with the same name, and nothing shows to which. */
function findNamesakes(desired: SwarmDefinition, current: SwarmDefinition): string[] {
  const required = new Set([...desired.services.values()].flatMap(requiredNodesOf).map(({ node }) => node));
  const matters = (host: string): boolean =>
    required.has(host) || Object.keys(desired.nodes.get(host)?.labels ?? {}).length > 0;
  const reasons = ({ namesakes }: SwarmDefinition, where: string): string[] =>
    [...namesakes]
      .filter(([host]) => matters(host))
      .map(([host, ids]) => `${ids.length} ready nodes ${where} are named ${host}: ${ids.join(', ')}`);
  return [...reasons(desired, 'of the export'), ...reasons(current, 'of the swarm')];
}
