// Restores into a volume before any service uses it. A restore that fails leaves the volume empty: no service may start on half of it.
import { isDeepStrictEqual } from 'node:util';
import type { VolumeInspection } from '../../lab/engine/api.ts';
import { EngineError } from '../../lab/engine/errors.ts';
import { seconds } from '../../support/clock.ts';
import { finding } from '../../support/errors.ts';
import { waitUntil } from '../../support/poll.ts';
import { withRollback } from '../../support/with-cleanup.ts';
import { outputOrThrow } from './sidecar.ts';
import { createDefined, definitionOf, requireSameKind, type PartialDefinition } from './volume-definition.ts';
import { inspectVolume, runAsRoot, type Volume } from './volume.ts';

/** The definition that the volume had. What is not known is not compared. */
export interface VolumeToRestore extends PartialDefinition {
  /** The name that it had. */
  readonly volume?: string;
}

/** Creates the volume as it was, unless it exists. @throws DrillError as `requireSameKind` and `createDefined` */
export async function createVolume(
  volume: Volume,
  wanted: VolumeToRestore,
): Promise<VolumeInspection | undefined> {
  const existing = await inspectVolume(volume);
  if (existing) requireSameKind(volume, existing, wanted);
  else await createDefined(volume, wanted);
  return existing;
}

const NOT_EMPTIED = 'volume-not-emptied';
const EMPTYING_LIMIT = seconds(120);

/**
 * Creates the volume and runs `fill`; empties the volume when that fails.
 * @throws DrillError `volume-not-empty` when it has files already; as `createVolume`; what `fill` throws
 */
export async function restoreIntoEmptyVolume<T>(
  volume: Volume,
  wanted: VolumeToRestore,
  fill: () => Promise<T>,
): Promise<T> {
  const existing = await createVolume(volume, wanted);
  try {
    await requireEmpty(volume, wanted);
  } catch (error) {
    // Only its definition: what it is mounted from stays. The volume of a plugin may be more than that.
    if (!existing && (wanted.driver ?? 'local') === 'local') await removeVolume(volume);
    throw error;
  }
  if (existing) await restoreLabels(volume, existing, wanted);
  return withRollback(fill, () => emptyVolume(volume), { code: NOT_EMPTIED, limit: EMPTYING_LIMIT });
}

async function requireEmpty(volume: Volume, { options = {} }: VolumeToRestore): Promise<void> {
  const { node, name } = volume;
  const argv = ['find', '/volume', '-mindepth', '1', '-print', '-quit'];
  const found = await runAsRoot(volume, '/volume', argv).catch((cause: unknown) => {
    if (!(cause instanceof EngineError)) throw cause;
    throw finding(`volume ${name}: ${node.name} can't mount it`, {
      code: 'volume-not-mounted',
      node: node.name,
      hint: `Make its device available on that node first${options['device'] === undefined ? '' : `: ${options['device']}`}.`,
      cause,
    });
  });
  if (outputOrThrow('find', node, 'volume-unreadable', found) !== '')
    throw finding(`volume ${name}: not empty on ${node.name}, left unchanged`, {
      code: 'volume-not-empty',
      node: node.name,
      hint: 'Restore before a label lets the service start there, or remove the volume first.',
    });
}

/** The labels of a volume can't be changed. One that is empty and local loses nothing when it is created again. */
async function restoreLabels(
  volume: Volume,
  existing: VolumeInspection,
  { volume: name, labels }: VolumeToRestore,
): Promise<void> {
  const definition = definitionOf(existing);
  if (labels === undefined || name !== volume.name || definition.driver !== 'local') return;
  if (isDeepStrictEqual(definition.labels, { ...labels })) return;
  await removeVolume(volume);
  await createDefined(volume, { ...definition, labels });
}

/** Waits: the engine removes the container that looked into it a moment later. @throws DrillError `volume-in-use` */
async function removeVolume({ node, name }: Volume): Promise<void> {
  await waitUntil(
    `the volume ${name} to be free`,
    async () => {
      await node.engine.volumes.remove(name);
      return { done: true };
    },
    { limit: REMOVE_LIMIT },
  ).catch((cause: unknown) => {
    throw finding(`volume ${name}: can't be created again on ${node.name}`, {
      code: 'volume-in-use',
      node: node.name,
      hint: `Remove the containers that use it, then "docker volume rm ${name}".`,
      cause,
    });
  });
}
const REMOVE_LIMIT = seconds(30);

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
