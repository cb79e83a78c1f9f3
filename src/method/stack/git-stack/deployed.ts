// The stack that runs, with names instead of ids: compared with a dry run at the backup, and with the record after a restore.
import type { NetworkSpec, ServiceSpec } from '../../../lab/engine/api.ts';
import { listDifferences } from '../../../swarm/differences.ts';
import { subnetsOf, toNetworkSpec } from '../../../swarm/network-spec.ts';
import { toComparableSpec, toPortableSpec } from '../../../swarm/service-spec.ts';
import type { Swarm } from '../../../swarm/swarm.ts';
import { namesById, readSwarmObjects, type SwarmObjects } from '../swarm-objects.ts';
import type { DryRun } from './dry-run.ts';

const STACK_LABEL = 'com.docker.stack.namespace';

export type ServicesByName = ReadonlyMap<string, ServiceSpec>;

export interface DeployedStack {
  readonly objects: SwarmObjects;
  readonly services: ServicesByName;
  readonly nameOf: (id: string) => string | undefined;
}

/** Reads the stack without the ports that the engine chose: the compose files leave them to the engine, too. */
export async function readDeployedStack(swarm: Swarm, stack: string): Promise<DeployedStack> {
  const objects = await readSwarmObjects(swarm);
  const names = namesById(objects);
  const nameOf = (id: string): string | undefined => names.get(id);
  const specs = objects.services
    .map(({ Spec }) => Spec)
    .filter(({ Labels }) => Labels?.[STACK_LABEL] === stack);
  return { objects, services: toServicesByName(specs, nameOf), nameOf };
}

/** Returns the services that the compose files ask for, with names instead of ids. */
export const desiredServices = ({ services }: DryRun, { nameOf }: DeployedStack): ServicesByName =>
  toServicesByName(services, nameOf);

const toServicesByName = (specs: readonly ServiceSpec[], nameOf: DeployedStack['nameOf']): ServicesByName =>
  new Map(specs.map((Spec) => [Spec.Name, toPortableSpec({ Spec }, nameOf)]));

/** Returns how the running stack differs from the dry run, one sentence for each difference. */
export function findChanges(deployed: DeployedStack, dryRun: DryRun): string[] {
  return [
    ...serviceChanges(deployed.services, desiredServices(dryRun, deployed)),
    ...networkChanges(deployed.objects, dryRun),
    ...contentChanges('config', deployed.objects.configs, dryRun.configs),
    ...contentChanges('secret', deployed.objects.secrets, dryRun.secrets),
  ];
}

function serviceChanges(current: ServicesByName, desired: ServicesByName): string[] {
  const changed = [...desired].flatMap(([name, spec]) => {
    const found = current.get(name);
    if (!found) return [`service ${name} does not run`];
    return listDifferences(toComparableSpec(spec), toComparableSpec(withTagOf(found, spec))).map(
      (where) => `${name}${where}`,
    );
  });
  const extra = [...current.keys()].filter((name) => !desired.has(name));
  return [...changed, ...extra.map((name) => `service ${name} is not in the compose files`)];
}

/** A deployment adds a registry's digest to the tag that the compose file names; that is not a change. */
function withTagOf(current: ServiceSpec, desired: ServiceSpec): ServiceSpec {
  const { ContainerSpec } = current.TaskTemplate;
  const Image = imageOf(desired);
  if (!Image || !ContainerSpec?.Image?.startsWith(`${Image}@sha256:`)) return current;
  return {
    ...current,
    TaskTemplate: { ...current.TaskTemplate, ContainerSpec: { ...ContainerSpec, Image } },
  };
}

function networkChanges({ networks }: SwarmObjects, dryRun: DryRun): string[] {
  return dryRun.networks.flatMap((desired) => {
    const found = networks.find(({ Name }) => Name === desired.Name);
    if (!found) return [`no network ${desired.Name}`];
    const current = composeNetwork(toNetworkSpec(found), desired);
    return listDifferences(composeNetwork(desired), current).map(
      (where) => `network ${desired.Name}${where}`,
    );
  });
}

/** Returns what a compose file can define of a network; subnets only where `desired` has some. */
function composeNetwork(network: NetworkSpec, desired = network): unknown {
  const { Driver, Attachable = false, Internal = false, Labels, Options } = network;
  return {
    Driver: Driver || 'overlay',
    Attachable,
    Internal,
    Labels: Labels ?? {},
    Options: Options ?? {},
    Subnets: subnetsOf(desired).length > 0 ? subnetsOf(network) : [],
  };
}

function contentChanges(
  kind: string,
  current: SwarmObjects['configs'],
  desired: DryRun['configs'],
): string[] {
  return desired.flatMap((spec) => {
    const found = current.find(({ Spec }) => Spec.Name === spec.Name);
    if (!found) return [`no ${kind} ${spec.Name}`];
    return listDifferences(spec, found.Spec).map((where) =>
      where.startsWith('.Data') ? `${kind} ${spec.Name}: its bytes differ` : `${kind} ${spec.Name}${where}`,
    );
  });
}

export interface UnpinnedImage {
  readonly service: string;
  readonly image?: string | undefined;
  /** The digest that runs, where the engine knows one. */
  readonly digest?: string | undefined;
}

/** Returns the images that the compose files do not pin by digest. */
export const listUnpinnedImages = (desired: ServicesByName, { services }: DeployedStack): UnpinnedImage[] =>
  [...desired]
    .filter(([, spec]) => !imageOf(spec)?.includes('@sha256:'))
    .map(([service, spec]) => {
      const [, digest] = imageOf(services.get(service))?.split('@') ?? [];
      return { service, image: imageOf(spec), digest };
    });

const imageOf = (spec?: ServiceSpec): string | undefined => spec?.TaskTemplate.ContainerSpec?.Image;
