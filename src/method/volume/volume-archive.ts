// A volume as a tar, through a helper container beside it: what `docker cp` does, with all the metadata that it drops.
import { restoreIntoEmptyVolume } from '../container/empty-volume.ts';
import type { Method, ArtifactReader } from '../../model/method.ts';
import { volumeMetadata, requireFilledVolume, type Volume } from '../container/volume.ts';

export type { Volume };

const FILE = 'volume.tar.zst';
const PATH = '/data';
const FLAGS = ['--directory', PATH, '--xattrs', '--xattrs-include=*', '--acls', '--numeric-owner'];

/** GNU tar says so on its way, and ends with 0. */
export const SOCKETS = 'sockets: tar passes them over';

export const volumeArchive: Method<Volume, Volume, void> = {
  name: 'volume archive',
  cannotHold: [
    SOCKETS,
    'writes made while it is read: files come from different moments, and one that changes under tar is a finding',
  ],

  loses: [],

  async backup(volume, { pipeFrom: putFrom }) {
    const { node, name } = volume;
    const facts = await requireFilledVolume(volume);
    await putFrom(FILE, {
      node,
      argv: ['tar', '--create', '--sparse', '--format=posix', ...FLAGS, '.'],
      volumes: { [name]: `${PATH}:ro` },
    });
    return volumeMetadata(volume, facts);
  },

  restore: (artifact, volume) =>
    restoreIntoEmptyVolume(volume, artifact.metadata, () => unpack(artifact, FILE, volume, PATH, FLAGS)),
};

/**
 * Feeds a tar of the artifact to a GNU tar beside the volume, which it finds at `path`.
 * @throws DrillError `tar-failed`; or what broke the tar on its way
 */
export const unpack = (
  artifact: ArtifactReader,
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
