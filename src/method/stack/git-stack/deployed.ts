// The stack as it runs, by names: what a rehearsal is held against, and what a restored stack must be again.
import { differences } from '../../../support/differences.ts';
import {
  comparableSpec,
  networkDefinition,
  portableSpec,
  subnetsOf,
  type ServiceSpec,
} from '../../../swarm/portable.ts';
import type { Swarm } from '../../../swarm/swarm.ts';
import { namesById, readSwarmObjects, type SwarmObjects } from '../service-export/swarm-objects.ts';
import type { DryRun } from './dry-run.ts';

const STACK = 'com.docker.stack.namespace';

export type ServicesByName = ReadonlyMap<string, ServiceSpec>;

export interface DeployedStack {
  readonly definition: SwarmObjects;
  readonly services: ServicesByName;
  readonly nameOf: (id: string) => string | undefined;
}

/** Ports that the engine chose are left out: the compose files leave them to the engine, too. */
export async function readDeployedStack(swarm: Swarm, stack: string): Promise<DeployedStack> {
  const definition = await readSwarmObjects(swarm);
  const names = namesById(definition);
  const nameOf = (id: string): string | undefined => names.get(id);
  const specs = definition.services.map(({ Spec }) => Spec).filter(({ Labels }) => Labels?.[STACK] === stack);
  return { definition, services: byName(specs, nameOf), nameOf };
}

/** What the compose files ask for, by names too. */
export const desiredServices = ({ services }: DryRun, { nameOf }: DeployedStack): ServicesByName =>
  byName(services, nameOf);

const byName = (specs: readonly ServiceSpec[], nameOf: DeployedStack['nameOf']): ServicesByName =>
  new Map(specs.map((Spec) => [Spec.Name, portableSpec({ ID: '', Spec }, nameOf)]));

/** How what runs differs from what the compose files ask for, one sentence each. */
export function findChanges(deployed: DeployedStack, rehearsed: DryRun): string[] {
  return [
    ...serviceDrift(deployed.services, desiredServices(rehearsed, deployed)),
    ...networkDrift(deployed.definition, rehearsed),
    ...heldDrift('config', deployed.definition.configs, rehearsed.configs),
    ...heldDrift('secret', deployed.definition.secrets, rehearsed.secrets),
  ];
}

function serviceDrift(running: ServicesByName, asked: ServicesByName): string[] {
  const changed = [...asked].flatMap(([name, spec]) => {
    const found = running.get(name);
    if (!found) return [`the service ${name} does not run`];
    return differences(comparableSpec(spec), comparableSpec(asTagged(found, spec))).map(
      (where) => `${name}${where}`,
    );
  });
  const more = [...running.keys()].filter((name) => !asked.has(name));
  return [...changed, ...more.map((name) => `the service ${name} is in no compose file`)];
}

/** An image that a registry's digest was added to when it was deployed is the tag that the compose file names. */
function asTagged(running: ServiceSpec, asked: ServiceSpec): ServiceSpec {
  const { ContainerSpec } = running.TaskTemplate;
  const Image = imageOf(asked);
  if (!Image || !ContainerSpec?.Image?.startsWith(`${Image}@sha256:`)) return running;
  return {
    ...running,
    TaskTemplate: { ...running.TaskTemplate, ContainerSpec: { ...ContainerSpec, Image } },
  };
}

function networkDrift({ networks }: SwarmObjects, rehearsed: DryRun): string[] {
  return rehearsed.networks.flatMap((asked) => {
    const found = networks.find(({ Name }) => Name === asked.Name);
    if (!found) return [`there is no network ${asked.Name}`];
    return differences(declared(asked), declared(networkDefinition(found), asked)).map(
      (where) => `the network ${asked.Name}${where}`,
    );
  });
}

/** What a compose file can say of a network; subnets only where it does. */
function declared(network: Readonly<Record<string, unknown>>, asked = network): unknown {
  const { Driver, Attachable = false, Internal = false, Labels, Options } = network;
  return {
    Driver: Driver || 'overlay',
    Attachable,
    Internal,
    Labels: Labels ?? {},
    Options: Options ?? {},
    Subnets: subnetsOf(asked).length > 0 ? subnetsOf(network) : [],
  };
}

function heldDrift(kind: string, held: SwarmObjects['configs'], asked: DryRun['configs']): string[] {
  return asked.flatMap((one) => {
    const found = held.find(({ Spec }) => Spec.Name === one.Name);
    if (!found) return [`there is no ${kind} ${one.Name}`];
    return differences(one, found.Spec).map((where) =>
      where.startsWith('.Data')
        ? `the ${kind} ${one.Name}: its bytes differ`
        : `the ${kind} ${one.Name}${where}`,
    );
  });
}

/** Images whose name in the compose files leaves open what is behind it, with the digest that runs, where one is known. */
export const listUnpinnedImages = (asked: ServicesByName, { services }: DeployedStack): string[] =>
  [...asked]
    .filter(([, spec]) => !imageOf(spec)?.includes('@sha256:'))
    .map(([name, spec]) => {
      const [, digest] = imageOf(services.get(name))?.split('@') ?? [];
      return `${name}: ${imageOf(spec)}${digest ? ` (${digest})` : ''}`;
    });

const imageOf = (spec?: ServiceSpec): string | undefined => spec?.TaskTemplate.ContainerSpec?.Image;
