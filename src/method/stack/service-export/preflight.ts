// Finds every reason why a definition can't be rebuilt on a swarm before anything is created; each names its object.
import { BlockList, isIPv6 } from 'node:net';
import type { ServiceSpec } from '../../../lab/engine/api.ts';
import { listDifferences } from '../../../swarm/differences.ts';
import { subnetsOf } from '../../../swarm/network-spec.ts';
import {
  mapReferences,
  parseNodeConstraint,
  toComparableSpec,
  type ReferenceKind,
} from '../../../swarm/service-spec.ts';
import type { SecretValues } from '../sealed-secrets.ts';
import type { SwarmDefinition } from './swarm-definition.ts';

/** @param values of the sealed secrets */
export function runPreflight(
  desired: SwarmDefinition,
  current: SwarmDefinition,
  values: SecretValues,
): string[] {
  return [
    ...findSecretsWithoutValue(desired, values),
    ...findConflicts(desired, current),
    ...findTakenSubnets(desired, current),
    ...[...desired.services.values()].flatMap((spec) => findObstacles(spec, desired, current)),
    ...findLabelsWithoutHost(desired, current),
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
    ...conflicts('network', [desired.networks, current.networks]),
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

/** The bytes of a config do not belong in an error. */
const withoutData = (found: readonly string[]): string[] =>
  found.map((one) => (one.startsWith('.Data:') ? 'its bytes differ' : one.replace(/^\./, '')));

/** The swarm accepts a network with a taken subnet and never gives it an address: its services would wait forever. */
function findTakenSubnets(desired: SwarmDefinition, current: SwarmDefinition): string[] {
  return [...desired.networks]
    .filter(([name]) => !current.networks.has(name))
    .flatMap(([name, network]) =>
      subnetsOf(network).flatMap((subnet) =>
        [...current.networks]
          .filter(([, other]) => subnetsOf(other).some((taken) => overlap(subnet, taken)))
          .map(([other]) => `subnet ${subnet} of network ${name} is taken by network ${other}`),
      ),
    );
}

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

/** Returns why the service can't be created. */
function findObstacles(spec: ServiceSpec, desired: SwarmDefinition, current: SwarmDefinition): string[] {
  const { Runtime = 'container', Placement } = spec.TaskTemplate;
  const obstacle = (reason: string): string => `cannot create service ${spec.Name}: ${reason}`;
  if (Runtime !== 'container')
    return [obstacle(`it runs a ${Runtime}, which comes from a registry and is not in the export`)];
  const found: string[] = [];
  const exists: Record<ReferenceKind, (name: string) => boolean> = {
    network: (name) => desired.networks.has(name) || desired.predefined.has(name),
    secret: (name) => desired.secrets.has(name),
    config: (name) => desired.configs.has(name),
    node: (name) => current.nodes.get(name)?.ready === true,
  };
  mapReferences(spec, (kind, name) => {
    if (!exists[kind](name))
      found.push(
        obstacle(kind === 'node' ? `no ready node is named ${name}` : `${kind} ${name} is not in the export`),
      );
    return name;
  });
  for (const constraint of Placement?.Constraints ?? []) {
    const bound = parseNodeConstraint(constraint);
    if (bound?.field === 'node.hostname' && bound.operator === '==' && !exists.node(bound.node))
      found.push(obstacle(`no ready node has the host name ${bound.node}`));
  }
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
