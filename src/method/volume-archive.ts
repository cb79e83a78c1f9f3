// A volume as a tar, through a helper container beside it: what `docker cp` does, with all the metadata that it drops.
import type { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { DrillError } from '../support/errors.ts';
import { beside, succeeded } from './beside.ts';
import { fillEmpty } from './empty-volume.ts';
import type { Method } from './method.ts';
import { claimOf, filledVolume, type Volume } from './volume.ts';

export type { Volume };

const FILE = 'volume.tar.zst';
const PATH = '/data';
const FLAGS = ['--directory', PATH, '--xattrs', '--xattrs-include=*', '--acls', '--numeric-owner'];

export const volumeArchive: Method<Volume, Volume, void> = {
  name: 'volume archive',
  cannotHold: ['writes made while it is read: files that change under it come from different moments'],

  loses: [],

  async backup(volume, { put }) {
    const { swarm, node, name } = volume;
    const facts = await filledVolume(volume);
    const tar = {
      image: swarm.imageOf('toolbox'),
      user: '0:0',
      argv: ['tar', '--create', '--sparse', '--format=posix', ...FLAGS, '.'],
      volumes: { [name]: `${PATH}:ro` },
    };
    succeeded('tar', node, 'tar-failed', await beside(node, tar, (stdout) => put(FILE, stdout)));
    return claimOf(volume, facts);
  },

  restore: (artifact, volume) =>
    fillEmpty(volume, artifact.claim, () => unpack(volume, PATH, artifact.open(FILE), FLAGS)),
};

/**
 * Feeds a tar to a GNU tar in a container that mounts the volume at `path`.
 * @throws DrillError `tar-failed`; or what broke the tar on its way
 */
export async function unpack(
  { swarm, node, name }: Volume,
  path: string,
  input: Readable,
  flags: readonly string[],
): Promise<void> {
  const tar = {
    image: swarm.imageOf('toolbox'),
    user: '0:0',
    argv: ['tar', '--extract', '--same-owner', '--same-permissions', ...flags],
    volumes: { [name]: path },
    input,
  };
  const ended = await beside(node, tar, (stdout) =>
    finished(stdout.resume(), { writable: false }).then(
      () => undefined,
      (broken: unknown) => broken,
    ),
  );
  // A tar that has no room ends before it has read everything: then its own words come first, not those of the broken pipe.
  if (ended.taken instanceof DrillError) throw ended.taken;
  succeeded('tar', node, 'tar-failed', ended);
  if (ended.taken) throw ended.taken as Error;
}
