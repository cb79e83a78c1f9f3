// A volume as a tar that a helper container writes: `docker cp` with all the metadata that it drops.
import { z } from 'zod';
import type { ArtifactReader, ArtifactWriter, Limit } from '../../model/method.ts';
import { step } from '../../support/trace.ts';
import { typedInContainer } from '../container/typed.ts';
import type { Volume, VolumeMethod } from '../container/volume.ts';
import { defineVolumeMethod } from './define-volume-method.ts';
import { NO_FLAGS, NO_SOCKETS } from './limits.ts';

const FILE = 'volume.tar.zst';
const PATH = '/data';
const FLAGS = ['--directory', PATH, '--xattrs', '--xattrs-include=*', '--acls', '--numeric-owner'];

/** Of every archive that GNU tar writes. It warns about each socket and exits with 0. */
export const TAR_LIMITS: readonly Limit[] = [NO_SOCKETS, NO_FLAGS];

/** Archives a volume with GNU tar in a helper container, while services go on using it; keeps everything but sockets and flags. */
export const volumeArchive = (): VolumeMethod =>
  defineVolumeMethod({
    name: 'volume archive',
    limits: [
      ...TAR_LIMITS,
      {
        sentence:
          'a single point in time: files that change during the backup come from different moments, and a change while tar reads the file fails the backup',
      },
    ],
    metadata: z.object({}),
    async backup(volume, artifact, { copying }) {
      await copying(volume, () => archiveVolume(volume, artifact));
      return {};
    },
    restore: (artifact, volume, filling) => filling(() => extractArchive(artifact, volume)),
  });

/** Writes the tar of a volume into the artifact. @throws DrillError `tar-failed` */
export const archiveVolume = ({ node, name }: Volume, { pipeFrom }: ArtifactWriter): Promise<void> =>
  pipeFrom(FILE, {
    node,
    argv: ['tar', '--create', '--sparse', '--format=posix', ...FLAGS, '.'],
    volumes: { [name]: `${PATH}:ro` },
  });

/** Extracts that tar. @throws DrillError `tar-failed` */
export const extractArchive = (artifact: Pick<ArtifactReader, 'pipeTo'>, volume: Volume): Promise<void> =>
  extractTar(artifact, FILE, volume, PATH, FLAGS);

/**
 * Extracts a tar of the artifact with GNU tar in a container that mounts the volume at `path`.
 * @throws DrillError `tar-failed`; or what broke the tar on its way
 */
export const extractTar = (
  artifact: Pick<ArtifactReader, 'pipeTo'>,
  file: string,
  volume: Volume,
  path: string,
  flags: readonly string[],
): Promise<void> => {
  const { node, name } = volume;
  const argv = ['tar', '--extract', '--same-owner', '--same-permissions', ...flags];
  return step(
    'extract the tar',
    () => artifact.pipeTo(file, { node, argv, volumes: { [name]: path } }),
    typedInContainer(volume, { at: path, image: '<image with GNU tar>', argv, input: 'volume.tar' }),
  );
};
