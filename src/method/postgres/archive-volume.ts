// The volume that archived WAL is in: which of its files are complete, and new ones added all or none.
import { randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import { seconds } from '../../support/clock.ts';
import { withRollback } from '../../support/with-cleanup.ts';
import { fillDirectory, type DataDirectory } from '../container/data-directory.ts';
import { outputOrThrow } from '../container/sidecar.ts';
import { createVolume } from '../container/empty-volume.ts';
import { runAsRoot, type Volume } from '../container/volume.ts';

/** Returns the names of the complete files in an archive, sorted: segments of their full size, and histories. */
export async function listArchive(volume: Volume, path: string, segmentBytes: number): Promise<string[]> {
  const complete = ['-size', `${segmentBytes}c`, '-o', '-name', '*.history'];
  const files = [
    `/volume/${path}`,
    '-maxdepth',
    '1',
    '-type',
    'f',
    '(',
    ...complete,
    ')',
    '-printf',
    '%f\\n',
  ];
  const found = await runAsRoot(volume, '/volume:ro', ['find', ...files]);
  return outputOrThrow('find', volume.node, 'archive-unreadable', found).split('\n').filter(Boolean).sort();
}

const NOT_FILLED = 'archive-not-filled';

/** The archive's directory gets the mode that it had. Its owner was set when the incoming directory was filled. */
const MOVE_OUT = `
  cd "$1" && find . -mindepth 1 -maxdepth 1 -exec mv --force --target-directory=.. {} + &&
  chmod --reference=. .. && rmdir "$1"`;

/** Adds the files of a tar to the archive. Earlier files stay, and a segment that arrived in part is never left next to them. */
export async function addToArchive(volume: Volume, directory: DataDirectory, tar: Readable): Promise<void> {
  await createVolume(volume, directory);
  const incoming = `${directory.path}/.incoming-${randomUUID()}`;
  const runScript = async (script: string): Promise<string> => {
    const argv = ['sh', '-c', script, 'sh', `/volume/${incoming}`];
    return outputOrThrow('sh', volume.node, NOT_FILLED, await runAsRoot(volume, '/volume', argv));
  };
  await withRollback(
    async () => {
      await fillDirectory(volume, { ...directory, path: incoming }, tar);
      await runScript(MOVE_OUT);
    },
    () => runScript('rm -rf "$1"'),
    { code: NOT_FILLED, limit: seconds(120) },
  );
}
