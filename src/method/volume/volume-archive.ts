// A volume as a tar that a helper container writes: `docker cp` with all the metadata that it drops.
import type { ArtifactReader, ArtifactWriter, Limit } from '../../model/method.ts';
import { restoreIntoEmptyVolume, type VolumeToRestore } from '../container/empty-volume.ts';
import {
  describeVolume,
  requireFilledVolume,
  volumeMetadata,
  type Volume,
  type VolumeMethod,
} from '../container/volume.ts';
import { defineMethod } from '../define.ts';

const FILE = 'volume.tar.zst';
const PATH = '/data';
const FLAGS = ['--directory', PATH, '--xattrs', '--xattrs-include=*', '--acls', '--numeric-owner'];

/** GNU tar warns about each one and exits with 0. */
export const NO_SOCKETS: Limit = { sentence: 'sockets: tar skips them' };

/** Archives a volume with GNU tar in a helper container, while services go on using it; keeps everything but sockets. */
export const volumeArchive = (): VolumeMethod =>
  defineMethod({
    name: 'volume archive',
    limits: [
      NO_SOCKETS,
      {
        sentence:
          'a single point in time: files that change during the backup come from different moments, and a change while tar reads the file fails the backup',
      },
    ],
    metadata: volumeMetadata,
    async backup(volume: Volume, artifact) {
      const inspection = await requireFilledVolume(volume);
      await archiveVolume(volume, artifact);
      return describeVolume(volume, inspection);
    },
    restore: restoreArchive,
  });

/** Writes the tar of a volume into the artifact. @throws DrillError `tar-failed` */
export const archiveVolume = ({ node, name }: Volume, { pipeFrom }: ArtifactWriter): Promise<void> =>
  pipeFrom(FILE, {
    node,
    argv: ['tar', '--create', '--sparse', '--format=posix', ...FLAGS, '.'],
    volumes: { [name]: `${PATH}:ro` },
  });

/** Extracts that tar into an empty volume. @throws DrillError `volume-not-empty`, `tar-failed` */
export const restoreArchive = (artifact: ArtifactReader<VolumeToRestore>, volume: Volume): Promise<void> =>
  restoreIntoEmptyVolume(volume, artifact.metadata, () => extractTar(artifact, FILE, volume, PATH, FLAGS));

/**
 * Extracts a tar of the artifact with GNU tar in a container that mounts the volume at `path`.
 * @throws DrillError `tar-failed`; or what broke the tar on its way
 */
export const extractTar = (
  artifact: Pick<ArtifactReader, 'pipeTo'>,
  file: string,
  { node, name }: Volume,
  path: string,
  flags: readonly string[],
): Promise<void> =>
  artifact.pipeTo(file, {
    node,
    argv: ['tar', '--extract', '--same-owner', '--same-permissions', ...flags],
    volumes: { [name]: path },
  });
