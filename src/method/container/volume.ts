// A volume on a node, and what methods ask before they touch one: whether it is there, and whether anything is in it.
import { isNotFound } from '../../lab/engine/errors.ts';
import { finding } from '../../support/errors.ts';
import type { Node } from '../../swarm/node.ts';
import type { Swarm } from '../../swarm/swarm.ts';
import { runSidecar, outputOrThrow } from './sidecar.ts';
import type { TextMetadata } from '../../model/method.ts';

/** A volume by its full name (stacks prefix names) on the node that holds it. */
export interface Volume {
  readonly swarm: Swarm;
  readonly node: Node;
  readonly name: string;
}

export interface VolumeInspection {
  readonly Driver: string;
  readonly Labels: Readonly<Record<string, string>> | null;
  /** What its driver tells of it beside the usual; the local driver tells nothing. */
  readonly Status?: Readonly<Record<string, unknown>> | undefined;
}

/** What the engine knows of the volume; undefined when there is none. */
export async function inspectVolume({
  node,
  name,
}: Omit<Volume, 'swarm'>): Promise<VolumeInspection | undefined> {
  try {
    return await node.docker.getVolume(name).inspect();
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/**
 * The volume to back up. Asked for first: a mount by name makes a missing volume, and the backup of nothing succeeds.
 * @throws DrillError `no-volume`, `empty-volume`
 */
export async function requireFilledVolume(volume: Volume): Promise<VolumeInspection> {
  const facts = await inspectVolume(volume);
  if (!facts)
    throw finding(`there is no volume ${volume.name} on ${volume.node.name}`, {
      code: 'no-volume',
      node: volume.node.name,
      hint: 'stacks prefix the names of their volumes: "docker volume ls" on that node tells the full name',
    });
  if (await isEmpty(volume))
    throw finding(`the volume ${volume.name} on ${volume.node.name} is empty: there is nothing to back up`, {
      code: 'empty-volume',
      node: volume.node.name,
      hint: 'see which volume the service mounts, and on which node its tasks run',
    });
  return facts;
}

async function isEmpty({ swarm, node, name }: Volume): Promise<boolean> {
  const look = await runSidecar(node, {
    image: swarm.imageOf('toolbox'),
    user: '0:0',
    argv: ['find', '/data', '-mindepth', '1', '-printf', 'x', '-quit'],
    volumes: { [name]: '/data:ro' },
  });
  return outputOrThrow('find', node, 'volume-unreadable', look) === '';
}

/** Facts of a claim that a restore makes the volume with. */
export const volumeMetadata = ({ name }: Volume, { Labels }: VolumeInspection): TextMetadata => ({
  volume: name,
  labels: JSON.stringify(Labels ?? {}),
});
