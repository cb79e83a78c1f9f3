// Files of settings and users that a server keeps in its data directory: an ACL file, a configuration that it rewrites. They are lost
// with the data, and the server does not start without them.
import { posix } from 'node:path';
import type { ArtifactReader, ArtifactWriter } from '../../model/method.ts';
import { finding } from '../../support/errors.ts';
import { fillDirectory, packFiles } from '../container/data-directory.ts';
import { outputOrThrow } from '../container/sidecar.ts';
import type { Volume } from '../container/volume.ts';
import type { ServerDescription, ServiceClient } from './service.ts';

const FILE = 'settings.tar';

/** Returns their paths relative to the data directory; those elsewhere are left out. @throws DrillError `refused` */
export async function findSettingsFiles(client: ServiceClient, directory: string): Promise<string[]> {
  const { aclfile = '' } = await client.settings('aclfile');
  const { config_file: configuration = '' } = await client.info('server');
  return [aclfile, configuration]
    .filter((file) => file !== '')
    .map((file) => posix.relative(directory, posix.resolve(directory, file)))
    .filter((file) => !file.startsWith('../'));
}

/** Stores them, encrypted as everything is: they hold passwords. */
export async function backUpSettings(
  volume: Volume,
  { path, settingsFiles }: ServerDescription,
  { put }: ArtifactWriter,
): Promise<void> {
  if (settingsFiles.length === 0) return;
  const packed = await packFiles(volume, path, settingsFiles, (stdout) => put(FILE, stdout));
  outputOrThrow('tar', volume.node, 'tar-failed', packed);
}

/** Writes them into the directory, before a server of the service may start there. @throws DrillError `tar-failed` */
export async function restoreSettings(
  volume: Volume,
  metadata: ServerDescription,
  artifact: ArtifactReader,
): Promise<void> {
  if (metadata.settingsFiles.length === 0) return;
  await fillDirectory(volume, metadata, artifact.open(FILE)).catch((cause: unknown) => {
    throw finding(`volume ${volume.name}: ${metadata.settingsFiles.join(', ')} could not be restored`, {
      code: 'tar-failed',
      node: volume.node.name,
      cause,
    });
  });
}
