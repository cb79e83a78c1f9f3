// Postgres' archived WAL: it extends a base backup to every point in time since. Backed up as often as one likes after one base.
import { z } from 'zod';
import type { Method } from '../../model/method.ts';
import { finding } from '../../support/errors.ts';
import { step } from '../../support/trace.ts';
import { findDataDirectory, packFiles, dataDirectory } from '../container/data-directory.ts';
import { findTask } from '../container/task.ts';
import { outputOrThrow } from '../container/sidecar.ts';
import { defineMethod } from '../define.ts';
import type { Volume } from '../container/volume.ts';
import { addToArchive, listArchive } from './wal/archive-volume.ts';
import { connectTo, findServer } from './server.ts';
import { selectRow, type PostgresService } from './service.ts';
import { closeSegment, waitUntilArchived } from './wal/close-segment.ts';
import { isTimestamp } from './wal/timestamp.ts';
import { segmentBefore, walPosition, type WalPosition } from './wal/position.ts';
import { isHistory, isSegment } from './wal/segments.ts';

/** A server whose `archive_command` copies WAL into a volume. */
export interface PostgresArchive extends PostgresService {
  /** The directory in the container that `archive_command` copies to, e.g. `/archive`. */
  readonly archive: string;
  /** The first segment to back up, as `readWalPosition` returned it before an earlier backup. Default: everything in the archive. */
  readonly from?: string;
}

/** Returns the name of the segment that is being written. Read before a backup, it is where the next backup of the WAL begins. */
export async function readWalPosition(service: PostgresService): Promise<string> {
  const segment = 'pg_walfile_name(pg_current_wal_lsn())';
  return (await selectRow(await findServer(service), { segment })).segment;
}

const WAL = 'wal.tar';

/** WAL that was restored, for the recovery that replays it. */
export interface RestoredWal {
  /** The volume that it was restored into, and the archive's directory in it; empty for its root. */
  readonly volume: string;
  readonly path: string;
  /** Where it ends. */
  readonly end: WalPosition;
  /** Identifier of the server that wrote it. */
  readonly server: string;
}

/** Backs up archived WAL. Restores into the volume of the archive; several artifacts may be restored into the same one. */
export const postgresWalArchive = (): Method<PostgresArchive, Volume, RestoredWal> =>
  defineMethod({
    name: 'postgres wal archive',
    limits: [
      { sentence: 'anything by itself: it continues a base backup' },
      { sentence: 'anything written after it was backed up' },
    ],
    metadata: dataDirectory.extend({
      /** When the last segment was closed, by the server's clock. */
      until: z.string().refine(isTimestamp, 'expected a time'),
      last: z.string().refine(isSegment, 'expected the name of a WAL segment'),
      /** Where the records in it end. */
      end: walPosition,
      /** Number of segments and histories. */
      files: z.int().positive(),
      segmentBytes: z.int().positive(),
      /** Identifier of the server. */
      server: z.string().min(1),
    }),

    async backup(source, { put }) {
      const task = await findTask(source);
      const directory = await findDataDirectory(task, source.archive);
      const server = await connectTo(task, source);
      const closed = await step('close the segment', () => closeSegment(server));
      const { until, last, end, segmentBytes, serverId } = closed;
      await step(`wait until ${last} is archived`, () => waitUntilArchived(server, closed));
      const volume = { swarm: source.swarm, node: task.node, name: directory.volume };
      const files = (await listArchive(volume, directory.path, segmentBytes)).filter(
        (name) => isHistory(name) || (name >= (source.from ?? '') && name <= last),
      );
      if (!files.includes(last))
        throw finding(
          `${source.archive}: the server reports ${last} as archived, and it is missing or incomplete`,
          {
            code: 'not-archived',
            node: task.node.name,
            hint: 'Make archive_command copy into that directory and fail when it can not.',
          },
        );
      const tar = await packFiles(volume, directory.path, files, (stdout) => put(WAL, stdout));
      outputOrThrow('tar', task.node, 'tar-failed', tar);
      return { ...directory, until, last, end, files: files.length, segmentBytes, server: serverId };
    },

    async restore(artifact, volume) {
      const { metadata } = artifact;
      const { path, last, end, segmentBytes, server } = metadata;
      if (segmentBefore(end, segmentBytes) !== last)
        throw finding(`archived WAL: ends in segment ${last}, which does not have its end ${end.lsn}`, {
          code: 'wal-incomplete',
          hint: 'Restore from another artifact.',
        });
      await addToArchive(volume, metadata, artifact.open(WAL), metadata);
      return { volume: volume.name, path, end, server };
    },
  });
