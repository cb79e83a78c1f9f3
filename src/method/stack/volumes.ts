// Volumes as services define them. The engine creates a missing volume without a word, and never changes an existing one: a volume of
// another driver, or with other options, is used as it is.
import type { ServiceMount, ServiceSpec, VolumeInspection } from '../../lab/engine/api.ts';
import { listDifferences } from '../../swarm/differences.ts';
import type { Node } from '../../swarm/node/node.ts';
import type { Swarm } from '../../swarm/swarm.ts';
import { STACK_LABEL } from '../../swarm/service/service-spec.ts';

type VolumeMount = ServiceMount & { readonly Source: string };

/** Names that only a task knows, e.g. `data-{{.Task.Slot}}`, are not looked for. */
const volumesOf = ({ TaskTemplate }: ServiceSpec): VolumeMount[] =>
  (TaskTemplate.ContainerSpec?.Mounts ?? []).filter(
    (mount): mount is VolumeMount =>
      mount.Type === 'volume' && !!mount.Source && !mount.Source.includes('{{'),
  );

/** Whether the service's stack uses the volume and does not define it: `external: true`. */
const isExternal = ({ Labels }: ServiceSpec, { VolumeOptions }: VolumeMount): boolean =>
  Labels?.[STACK_LABEL] !== undefined && VolumeOptions?.Labels?.[STACK_LABEL] === undefined;

/** Returns the names of the volumes that services of stacks use and no stack defines. */
export const externalVolumesOf = (services: readonly ServiceSpec[]): string[] => [
  ...new Set(
    services
      .flatMap((spec) => volumesOf(spec).filter((mount) => isExternal(spec, mount)))
      .map(({ Source }) => Source),
  ),
];

/** By node name, its volumes. A node whose engine does not answer has none that can be compared. */
export type VolumesByNode = ReadonlyMap<string, readonly VolumeInspection[]>;

export async function readVolumes(swarm: Swarm): Promise<VolumesByNode> {
  const list = async ({ name, engine }: Node) => [name, await engine.volumes.list().catch(() => [])] as const;
  return new Map(await Promise.all(swarm.nodes.map(list)));
}

export const findMissingVolumes = (names: readonly string[], current: VolumesByNode): string[] =>
  names.filter((name) => ![...current.values()].flat().some(({ Name }) => Name === name));

/** Returns one sentence for each volume on a node that is another one than a service defines. */
export const findOtherVolumes = (services: readonly ServiceSpec[], current: VolumesByNode): string[] =>
  services.flatMap((spec) =>
    volumesOf(spec)
      .filter(
        (mount) => mount.VolumeOptions?.DriverConfig || STACK_LABEL in (mount.VolumeOptions?.Labels ?? {}),
      )
      .flatMap((mount) =>
        [...current].flatMap(([node, volumes]) => {
          const found = volumes.find(({ Name }) => Name === mount.Source);
          const differences = found ? listDifferences(definitionOf(mount), kindOf(found)) : [];
          return differences.map((where) => `volume ${mount.Source} on ${node}${where}`);
        }),
      ),
  );

const definitionOf = ({ VolumeOptions }: VolumeMount): unknown => ({
  Driver: VolumeOptions?.DriverConfig?.Name?.replace(/:latest$/, '') || 'local',
  Options: VolumeOptions?.DriverConfig?.Options ?? {},
});

/** A plugin's name has a tag, which most people leave out. */
const kindOf = ({ Driver, Options }: VolumeInspection): unknown => ({
  Driver: Driver.replace(/:latest$/, ''),
  Options: Options ?? {},
});
