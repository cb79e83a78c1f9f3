// The volume that archived WAL is in: which of its files are complete, and new ones added all or none.
import { randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import { seconds } from '../../../support/clock.ts';
import { finding } from '../../../support/errors.ts';
import { withRollback } from '../../../support/with-cleanup.ts';
import { fillDirectory, type DataDirectory } from '../../container/data-directory.ts';
import { outputOrThrow } from '../../container/sidecar.ts';
import { createVolume } from '../../container/empty-volume.ts';
import { runAsRoot, type Volume } from '../../container/volume.ts';
import { isHistory, isSegment } from './segments.ts';

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
  const names = outputOrThrow('find', volume.node, 'archive-unreadable', found).split('\n');
  return names.filter((name) => isSegment(name) || isHistory(name)).sort();
}

const NOT_FILLED = 'archive-not-filled';

/** The archive's directory gets the mode that it had. Its owner was set when the incoming directory was filled. */
const MOVE_OUT = `
  cd "$1" && find . -mindepth 1 -maxdepth 1 -exec mv --force --target-directory=.. {} + &&
  chmod --reference=. .. && rmdir "$1"`;

/** What the tar of archived WAL must have. */
export interface ExpectedWal {
  /** Number of complete segments and histories. */
  readonly files: number;
  /** The last segment. */
  readonly last: string;
  readonly segmentBytes: number;
}

/**
 * Adds the files of a tar to the archive. Earlier files stay, and a segment that arrived in part is never left next to them.
 * @throws DrillError `wal-incomplete` when the tar has fewer files than were backed up; then nothing is added
 */
export async function addToArchive(
  volume: Volume,
  directory: DataDirectory,
  tar: Readable,
  expected: ExpectedWal,
): Promise<void> {
  await createVolume(volume, directory);
  const incoming = `${directory.path}/.incoming-${randomUUID()}`;
  const runScript = async (script: string): Promise<string> => {
    const argv = ['sh', '-c', script, 'sh', `/volume/${incoming}`];
    return outputOrThrow('sh', volume.node, NOT_FILLED, await runAsRoot(volume, '/volume', argv));
  };
  await withRollback(
    async () => {
      await fillDirectory(volume, { ...directory, path: incoming }, tar);
      requireFiles(await listArchive(volume, incoming, expected.segmentBytes), expected);
      await runScript(MOVE_OUT);
    },
    () => runScript('rm -rf "$1"'),
    { code: NOT_FILLED, limit: seconds(120) },
  );
}

function requireFiles(found: readonly string[], { files, last }: ExpectedWal): void {
  if (found.length === files && found.includes(last)) return;
  throw finding(
    `archived WAL: fewer files than were backed up (expected ${files} with ${last}, got ${found.length} up to ${found.filter(isSegment).at(-1) ?? 'none'})`,
    { code: 'wal-incomplete', hint: 'Restore from another artifact. The archive is as it was before.' },
  );
}
