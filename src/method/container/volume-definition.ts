// The definition of a volume: driver, options and labels. A restore creates it as it was, or refuses before anything is touched.
import { z } from 'zod';
import type { VolumeInspection } from '../../lab/engine/api.ts';
import { EngineError } from '../../lab/engine/errors.ts';
import { finding } from '../../support/errors.ts';
import type { Node } from '../../swarm/node/node.ts';

/** Part of an artifact's metadata. */
export const volumeDefinition = z.object({
  labels: z.record(z.string(), z.string()),
  driver: z.string().min(1),
  /** As `docker volume create --opt` took them; those of a network file system may include a password. */
  options: z.record(z.string(), z.string()),
});
export type VolumeDefinition = z.infer<typeof volumeDefinition>;

export const definitionOf = ({ Labels, Driver, Options }: VolumeInspection): VolumeDefinition => ({
  labels: { ...Labels },
  driver: Driver,
  options: { ...Options },
});

/** What is known of a definition. */
export type PartialDefinition = {
  readonly [Part in keyof VolumeDefinition]?: VolumeDefinition[Part] | undefined;
};

interface NamedVolume {
  readonly node: Node;
  readonly name: string;
}

/** @throws DrillError `volume-in-memory`, `cluster-volume` for a volume that no helper container can fill for a service */
export function requireRestorable(volume: NamedVolume, inspection: VolumeInspection): void {
  requireOnDisk(volume, definitionOf(inspection));
  if (inspection.ClusterVolume !== undefined)
    throw finding(`volume ${volume.name}: is a cluster volume, which Swarm creates through its CSI driver`, {
      code: 'cluster-volume',
      node: volume.node.name,
      hint: 'Back it up with the snapshots of its storage: only tasks of a service can mount it.',
    });
}

/** @throws DrillError `volume-in-memory` */
function requireOnDisk(
  { node, name }: NamedVolume,
  { driver = 'local', options = {} }: PartialDefinition,
): void {
  if (driver !== 'local' || options['type'] !== 'tmpfs') return;
  throw finding(`volume ${name}: is in the memory of ${node.name} (type tmpfs)`, {
    code: 'volume-in-memory',
    node: node.name,
    hint: 'Leave it out: it is empty again as soon as no container mounts it, so nothing can be restored into it before its service starts.',
  });
}

/** An engine creates such a volume for a name that it does not know. */
const isPlain = ({ driver, options }: Pick<VolumeDefinition, 'driver' | 'options'>): boolean =>
  driver === 'local' && Object.keys(options).length === 0;

/**
 * Compares a volume that exists already with the one that was backed up. One with other options was created on purpose, e.g. for another
 * file server, and is used as it is.
 * @throws DrillError `other-volume`, `volume-in-memory`, `cluster-volume`
 */
export function requireSameKind(
  volume: NamedVolume,
  existing: VolumeInspection,
  { driver = 'local', options = {} }: PartialDefinition,
): void {
  requireRestorable(volume, existing);
  if (isPlain({ driver, options }) || !isPlain(definitionOf(existing))) return;
  const { node, name } = volume;
  throw finding(
    `volume ${name}: exists on ${node.name} as a plain local volume (expected ${describeKind({ driver, options })})`,
    {
      code: 'other-volume',
      node: node.name,
      hint: `Remove it with "docker volume rm ${name}", and the restore creates it as it was; or create it with the options that it should have now.`,
    },
  );
}

/** @throws DrillError `volume-not-created`, also when its driver is missing */
export async function createDefined(
  { node, name }: NamedVolume,
  { labels = {}, driver = 'local', options = {} }: PartialDefinition,
): Promise<void> {
  requireOnDisk({ node, name }, { driver, options });
  await node.engine.volumes
    .create({
      Name: name,
      Driver: driver,
      Labels: { ...labels },
      ...(Object.keys(options).length > 0 && { DriverOpts: { ...options } }),
    })
    .catch((cause: unknown) => {
      if (!(cause instanceof EngineError)) throw cause;
      throw finding(
        `volume ${name}: ${node.name} can't create it as it was (${describeKind({ driver, options })})`,
        {
          code: 'volume-not-created',
          node: node.name,
          hint: 'Install its driver there; or create the volume with the options that it should have now, and restore into that.',
          cause,
        },
      );
    });
}

/** Returns driver and options for a message, without passwords. */
export function describeKind({ driver, options }: Pick<VolumeDefinition, 'driver' | 'options'>): string {
  const all = Object.entries(options).map(([name, value]) => `${name}=${value}`.replaceAll(PASSWORD, '$1=…'));
  return [`driver ${driver}`, ...all].join(', ');
}
const PASSWORD = /\b((?:pass|cred|secret|key)\w*)=[^,]*/gi;
