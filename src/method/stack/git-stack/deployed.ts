// The stack that runs, with names instead of ids, and what compose files ask for in the same form.
import type { NetworkSpec, SecretOrConfigSpec, ServiceSpec } from '../../../lab/engine/api.ts';
import { toPortableSpec } from '../../../swarm/service/service-spec.ts';
import type { Swarm } from '../../../swarm/swarm.ts';
import { namesById, readSwarmObjects, type SwarmObjects } from '../swarm-objects.ts';
import { STACK_LABEL } from '../../../swarm/service/service-spec.ts';
import type { DryRun } from './dry-run.ts';

export type ServicesByName = ReadonlyMap<string, ServiceSpec>;

export interface DeployedStack {
  readonly objects: SwarmObjects;
  readonly services: ServicesByName;
  readonly nameOf: (id: string) => string | undefined;
}

/** What a stack consists of; external objects are not among it. */
export interface DesiredStack {
  readonly services: ServicesByName;
  /** With subnets only where a compose file names them. */
  readonly networks: readonly NetworkSpec[];
  readonly configs: readonly SecretOrConfigSpec[];
  /** Without their values. */
  readonly secrets: readonly SecretOrConfigSpec[];
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

/** Returns what the compose files ask for, with names instead of ids. */
export const toDesiredStack = (dryRun: DryRun, { nameOf }: DeployedStack): DesiredStack => ({
  ...dryRun,
  services: toServicesByName(dryRun.services, nameOf),
});

const toServicesByName = (specs: readonly ServiceSpec[], nameOf: DeployedStack['nameOf']): ServicesByName =>
  new Map(specs.map((Spec) => [Spec.Name, toPortableSpec({ Spec }, nameOf)]));

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

export const imageOf = (spec?: ServiceSpec): string | undefined => spec?.TaskTemplate.ContainerSpec?.Image;
