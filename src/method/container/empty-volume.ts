// A volume that is filled before any service uses it. What can't be filled whole is left empty: nothing may start on half of it.
import { seconds } from '../../support/clock.ts';
import { finding } from '../../support/errors.ts';
import { withRollback } from '../../support/with-cleanup.ts';
import { runSidecar, outputOrThrow } from './sidecar.ts';
import type { Volume } from './volume.ts';

const asRoot = ({ node, swarm, name }: Volume, argv: readonly string[]) =>
  runSidecar(node, {
    image: swarm.imageOf('toolbox'),
    user: '0:0',
    argv,
    volumes: { [name]: '/volume' },
  });

/** Makes the volume with the labels that it had. */
export async function createVolume(
  { node, name }: Volume,
  claim: { readonly labels?: string | Readonly<Record<string, string>> },
): Promise<void> {
  const { labels = {} } = claim;
  const Labels = typeof labels === 'string' ? (JSON.parse(labels) as Record<string, string>) : { ...labels };
  await node.docker.createVolume({ Name: name, Labels });
}

const NOT_EMPTIED = 'volume-not-emptied';
const EMPTYING_LIMIT = seconds(120);

/**
 * Makes the volume and runs `fill`; empties it when that fails.
 * @throws DrillError `volume-not-empty` when there is something in it already; what `fill` throws
 */
export async function restoreIntoEmptyVolume<T>(
  volume: Volume,
  claim: Parameters<typeof createVolume>[1],
  fill: () => Promise<T>,
): Promise<T> {
  const { node, name } = volume;
  await createVolume(volume, claim);
  const look = await asRoot(volume, ['find', '/volume', '-mindepth', '1', '-print', '-quit']);
  if (outputOrThrow('find', node, 'volume-unreadable', look) !== '')
    throw finding(`the volume ${name} on ${node.name} is not empty, and is left as it is`, {
      code: 'volume-not-empty',
      node: node.name,
      hint: 'restore before a label lets the service start there, or remove the volume first',
    });
  return withRollback(fill, () => empty(volume), { code: NOT_EMPTIED, limit: EMPTYING_LIMIT });
}

async function empty(volume: Volume): Promise<void> {
  const { node, name } = volume;
  const emptied = await asRoot(volume, ['find', '/volume', '-mindepth', '1', '-delete']);
  if (emptied.exitCode !== 0)
    throw finding(`the volume ${name} on ${node.name} could not be emptied`, {
      code: NOT_EMPTIED,
      node: node.name,
      hint: `let no service start on it: half a restore is in it. Remove it first: "docker volume rm ${name}"`,
      output: emptied.stderr,
    });
}
