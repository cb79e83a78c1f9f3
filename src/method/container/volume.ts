// A volume on a node: what methods of several rooms ask of one before they read or fill it.
import type { Readable } from 'node:stream';
import type { ContainerSummary, VolumeInspection } from '../../lab/engine/api.ts';
import { isNotFound } from '../../lab/engine/errors.ts';
import type { Method } from '../../model/method.ts';
import { finding } from '../../support/errors.ts';
import type { Node } from '../../swarm/node/node.ts';
import type { Swarm } from '../../swarm/swarm.ts';
import { outputOrThrow, runSidecar, type SidecarResult } from './sidecar.ts';
import { requireRestorable } from './volume-definition.ts';

/** A volume by its full name (stacks prefix names) on the node that holds it. */
export interface Volume {
  readonly swarm: Swarm;
  readonly node: Node;
  readonly name: string;
}

/** A method that backs a whole volume up and restores it into an empty one. */
export type VolumeMethod = Method<Volume, Volume, void>;

/** Returns what the engine knows of the volume; undefined when there is none. */
export async function inspectVolume({
  node,
  name,
}: Omit<Volume, 'swarm'>): Promise<VolumeInspection | undefined> {
  try {
    return await node.engine.volumes.inspect(name);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/**
 * Inspects the volume to back up, before anything mounts it: a mount by name creates a missing volume, and the backup of an empty
 * one succeeds.
 * @throws DrillError `no-volume`, `empty-volume`, `volume-in-memory`, `cluster-volume`
 */
export async function requireFilledVolume(volume: Volume): Promise<VolumeInspection> {
  const inspection = await inspectVolume(volume);
  if (!inspection)
    throw finding(`volume ${volume.name}: does not exist on ${volume.node.name}`, {
      code: 'no-volume',
      node: volume.node.name,
      hint: 'Pass the full name: stacks prefix the names of their volumes. "docker volume ls" on that node lists them.',
    });
  requireRestorable(volume, inspection);
  if (await isEmpty(volume))
    throw finding(`volume ${volume.name}: nothing to back up, it is empty on ${volume.node.name}`, {
      code: 'empty-volume',
      node: volume.node.name,
      hint: 'Check which volume the service mounts, and on which node its tasks run.',
    });
  return inspection;
}

/** Lists all containers that mount the volume, also those that have ended. */
export const listVolumeUsers = ({ node, name }: Omit<Volume, 'swarm'>): Promise<ContainerSummary[]> =>
  node.engine.containers.list({ all: true, filters: { volume: [name] } });

export const containerName = ({ Names, Id }: ContainerSummary): string => Names[0]?.slice(1) ?? Id;

async function isEmpty(volume: Volume): Promise<boolean> {
  const found = await runAsRoot(volume, '/volume:ro', [
    'find',
    '/volume',
    '-mindepth',
    '1',
    '-printf',
    'x',
    '-quit',
  ]);
  return outputOrThrow('find', volume.node, 'volume-unreadable', found) === '';
}

/** Runs `argv` as root in a sidecar that mounts the volume. The caller judges the exit code. */
export const runAsRoot = <T = string>(
  { swarm, node, name }: Volume,
  mount: '/volume' | '/volume:ro',
  argv: readonly string[],
  { input = '', read }: { input?: string | Readable; read?: (stdout: Readable) => Promise<T> } = {},
): Promise<SidecarResult<T>> =>
  runSidecar(
    node,
    { image: swarm.imageOf('toolbox'), user: '0:0', argv, volumes: { [name]: mount }, input },
    read,
  );
