// The directory of a volume in which a server keeps its files: located while the server runs, filled again before it may start.
import type { Readable } from 'node:stream';
import { z } from 'zod';
import { finding } from '../../support/errors.ts';
import { definitionOf, requireRestorable, volumeDefinition } from './volume-definition.ts';
import { runAsRoot, type Volume } from './volume.ts';
import { execInTask, type ServiceTask } from './task.ts';
import { outputOrThrow, type SidecarResult } from './sidecar.ts';

/** Everything that is needed to create the directory again. Part of an artifact's metadata. */
export const dataDirectory = z.object({
  /** The server's image. Its own programs check what was restored. */
  image: z.string().min(1),
  volume: z.string().min(1),
  ...volumeDefinition.partial({ driver: true, options: true }).shape,
  /** Relative to the root of the volume. Empty for the root. */
  path: z.string(),
  /** User and group as numbers: `999:999`. */
  owner: z.string().regex(/^\d+:\d+$/),
  /** Octal. */
  mode: z.string().regex(/^[0-7]+$/),
});
export type DataDirectory = z.infer<typeof dataDirectory>;

/** Returns where `directory` of the service's container is stored. @throws DrillError `no-volume` when it is not on a volume */
export async function findDataDirectory(task: ServiceTask, directory: string): Promise<DataDirectory> {
  const { Mounts, Config } = await task.node.engine.containers.inspect(task.id);
  const [mount] = Mounts.filter(
    ({ Type, Destination }) => Type === 'volume' && `${directory}/`.startsWith(`${Destination}/`),
  ).sort((a, b) => b.Destination.length - a.Destination.length);
  if (!mount?.Name)
    throw finding(`${task.service}: ${directory} is not on a volume`, {
      code: 'no-volume',
      node: task.node.name,
      hint: `Mount a volume there. Mounted now: ${Mounts.map(({ Type, Destination }) => `${Type} at ${Destination}`).join(', ') || 'nothing'}.`,
    });
  const inspection = await task.node.engine.volumes.inspect(mount.Name);
  requireRestorable({ node: task.node, name: mount.Name }, inspection);
  const { output } = await execInTask(task, ['stat', '-c', '%u:%g %a', directory], { code: 'no-directory' });
  const [owner, mode] = output.trim().split(' ');
  return dataDirectory.parse({
    image: Config.Image,
    volume: mount.Name,
    ...definitionOf(inspection),
    path: directory.slice(mount.Destination.length + 1),
    owner,
    mode,
  });
}

/** Packs the named files below `path` into a tar and streams it to `read`. The caller judges the exit code. */
export const packFiles = <T>(
  volume: Volume,
  path: string,
  files: readonly string[],
  read: (stdout: Readable) => Promise<T>,
): Promise<SidecarResult<T>> => {
  const tar = ['tar', '--create', '--directory', `/volume/${path}`, '--numeric-owner', '--files-from=-'];
  return runAsRoot(volume, '/volume:ro', tar, { input: files.join('\n'), read });
};

const EXTRACT = ['tar', '--extract', '--no-same-owner', '--same-permissions'];

/**
 * Runs `argv` in the directory, fed with `content`: a tar that extracts, or a program that writes one file. Then the whole volume
 * belongs to the user that the server runs as.
 * @throws DrillError `<program>-failed`
 */
export async function fillDirectory(
  volume: Volume,
  { path, owner, mode }: Pick<DataDirectory, 'path' | 'owner' | 'mode'>,
  content: Readable,
  argv: readonly string[] = EXTRACT,
): Promise<void> {
  const script = `
    mkdir -p "$1" && cd "$1" && owner=$2 mode=$3 && shift 3 &&
    "$@" && chown -R "$owner" /volume && chmod "$mode" .`;
  const shell = ['sh', '-c', script, 'sh', `/volume/${path}`, owner, mode, ...argv];
  const [program = ''] = argv;
  outputOrThrow(
    program,
    volume.node,
    `${program}-failed`,
    await runAsRoot(volume, '/volume', shell, { input: content }),
  );
}
