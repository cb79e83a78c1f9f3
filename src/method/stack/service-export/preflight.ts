// Why a definition can't be rebuilt on a swarm: found before anything is created, all of it, each reason with the object's name.
import { BlockList, isIPv6 } from 'node:net';
import { differences } from '../../../support/differences.ts';
import {
  comparableSpec,
  nodeConstraint,
  subnetsOf,
  withReferences,
  type ReferenceKind,
  type ServiceSpec,
} from '../../../swarm/portable.ts';
import type { SecretValues } from '../sealed-secrets.ts';
import type { SwarmDefinition } from './swarm-definition.ts';

/** @param values of the secrets that were sealed */
export function runPreflight(wanted: SwarmDefinition, here: SwarmDefinition, values: SecretValues): string[] {
  return [
    ...secretsWithoutValue(wanted, values),
    ...findConflicts(wanted, here),
    ...takenSubnets(wanted, here),
    ...[...wanted.services.values()].flatMap((spec) => unbuildable(spec, wanted, here)),
    ...homelessLabels(wanted, here),
  ];
}

function secretsWithoutValue({ secrets }: SwarmDefinition, values: SecretValues): string[] {
  return [...secrets.values()]
    .filter(({ Name, Driver }) => !Driver && !values.get(Name)?.length)
    .map(
      ({ Name }) => `the secret ${Name} has ${values.has(Name) ? 'an empty' : 'no'} value in the sealed file`,
    );
}

/** What is there already and equal is used as it is. Of a secret nobody can say whether it is equal. */
function findConflicts(wanted: SwarmDefinition, here: SwarmDefinition): string[] {
  const differing = <T>(
    kind: string,
    [mine, theirs]: readonly [ReadonlyMap<string, T>, ReadonlyMap<string, T>],
    comparable: (one: T) => unknown = (one) => one,
  ): string[] =>
    [...mine].flatMap(([name, one]) => {
      const other = theirs.get(name);
      const found = other === undefined ? [] : differences(comparable(one), comparable(other));
      return found.length > 0
        ? [`there is another ${kind} ${name} already: ${withoutData(found).join('; ')}`]
        : [];
    });
  const ingress = [...wanted.networks].find(([, { Ingress }]) => Ingress)?.[0];
  return [
    ...differing('network', [wanted.networks, here.networks]),
    ...(ingress === undefined || here.networks.has(ingress)
      ? []
      : [
          `the swarm has no network ${ingress} to route ports through; make it with docker network create --ingress`,
        ]),
    ...differing('config', [wanted.configs, here.configs]),
    ...differing('service', [wanted.services, here.services], comparableSpec),
    ...[...wanted.secrets.keys()]
      .filter((name) => here.secrets.has(name))
      .map((name) => `there is a secret ${name} already, and nobody can say which value it has`),
  ];
}

/** The bytes of a config are no text for an error. */
const withoutData = (found: readonly string[]): string[] =>
  found.map((one) => (one.startsWith('.Data:') ? 'its bytes differ' : one.replace(/^\./, '')));

/** The swarm takes such a network without a word and never gives it an address: its services would wait for ever. */
function takenSubnets(wanted: SwarmDefinition, here: SwarmDefinition): string[] {
  return [...wanted.networks]
    .filter(([name]) => !here.networks.has(name))
    .flatMap(([name, mine]) =>
      subnetsOf(mine).flatMap((subnet) =>
        [...here.networks]
          .filter(([, theirs]) => subnetsOf(theirs).some((taken) => overlap(subnet, taken)))
          .map(([other]) => `the subnet ${subnet} of the network ${name} is taken by the network ${other}`),
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

function unbuildable(spec: ServiceSpec, wanted: SwarmDefinition, here: SwarmDefinition): string[] {
  const { Runtime = 'container', Placement } = spec.TaskTemplate;
  const cannot = (reason: string): string => `the service ${spec.Name} can't be made again: ${reason}`;
  if (Runtime !== 'container')
    return [cannot(`it runs a ${Runtime}, which comes from a registry and is no part of the export`)];
  const found: string[] = [];
  const known: Record<ReferenceKind, (name: string) => boolean> = {
    network: (name) => wanted.networks.has(name) || wanted.predefined.has(name),
    secret: (name) => wanted.secrets.has(name),
    config: (name) => wanted.configs.has(name),
    node: (name) => here.nodes.get(name)?.ready === true,
  };
  withReferences(spec, (kind, name) => {
    if (!known[kind](name))
      found.push(
        kind === 'node'
          ? cannot(`it is bound to the node ${name}, and no ready node has that name`)
          : cannot(`its ${kind} ${name} is not in the export`),
      );
    return name;
  });
  for (const constraint of Placement?.Constraints ?? []) {
    const bound = nodeConstraint(constraint);
    if (bound?.field === 'node.hostname' && bound.operator === '==' && !known.node(bound.node))
      found.push(cannot(`it is bound to the host ${bound.node}, and no ready node has that name`));
  }
  return found;
}

function homelessLabels(wanted: SwarmDefinition, here: SwarmDefinition): string[] {
  return [...wanted.nodes]
    .filter(
      ([host, { labels, ready }]) => ready && Object.keys(labels).length > 0 && !here.nodes.get(host)?.ready,
    )
    .map(([host]) => `no ready node is called ${host}, whose labels the export has`);
}
