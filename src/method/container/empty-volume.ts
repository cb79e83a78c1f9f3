// Restores into a volume before any service uses it. A restore that fails leaves the volume empty: no service may start on half of it.
import { seconds } from '../../support/clock.ts';
import { finding } from '../../support/errors.ts';
import { withRollback } from '../../support/with-cleanup.ts';
import { outputOrThrow } from './sidecar.ts';
import { runAsRoot, type Volume } from './volume.ts';

export interface VolumeToRestore {
  readonly labels?: Readonly<Record<string, string>>;
  readonly driver?: string;
}

/** Creates the volume with the labels that it had. */
export async function createVolume(
  { node, name }: Volume,
  { labels = {}, driver }: VolumeToRestore,
): Promise<void> {
  await node.engine.volumes.create({ Name: name, Labels: { ...labels }, ...(driver && { Driver: driver }) });
}

const NOT_EMPTIED = 'volume-not-emptied';
const EMPTYING_LIMIT = seconds(120);

/**
 * Creates the volume and runs `fill`; empties the volume when that fails.
 * @throws DrillError `volume-not-empty` when it has files already; what `fill` throws
 */
export async function restoreIntoEmptyVolume<T>(
  volume: Volume,
  spec: VolumeToRestore,
  fill: () => Promise<T>,
): Promise<T> {
  const { node, name } = volume;
  await createVolume(volume, spec);
  const found = await runAsRoot(volume, '/volume', ['find', '/volume', '-mindepth', '1', '-print', '-quit']);
  if (outputOrThrow('find', node, 'volume-unreadable', found) !== '')
    throw finding(`volume ${name}: not empty on ${node.name}, left unchanged`, {
      code: 'volume-not-empty',
      node: node.name,
      hint: 'Restore before a label lets the service start there, or remove the volume first.',
    });
  return withRollback(fill, () => emptyVolume(volume), { code: NOT_EMPTIED, limit: EMPTYING_LIMIT });
}

/** @throws DrillError `volume-not-emptied` */
export async function emptyVolume(volume: Volume): Promise<void> {
  const { node, name } = volume;
  const emptied = await runAsRoot(volume, '/volume', ['find', '/volume', '-mindepth', '1', '-delete']);
  if (emptied.exitCode !== 0)
    throw finding(`volume ${name}: could not be emptied on ${node.name}`, {
      code: NOT_EMPTIED,
      node: node.name,
      hint: `Remove it before a service starts on half a restore: "docker volume rm ${name}".`,
      output: emptied.stderr,
    });
}
