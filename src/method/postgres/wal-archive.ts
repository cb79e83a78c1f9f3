// Postgres' archived WAL: it extends a base backup to every point in time since. Backed up as often as one likes after one base.
import { z } from 'zod';
import type { Method } from '../../model/method.ts';
import { seconds } from '../../support/clock.ts';
import { finding } from '../../support/errors.ts';
import { step } from '../../support/trace.ts';
import { findDataDirectory, packFiles, dataDirectory } from '../container/data-directory.ts';
import { waitForServer } from '../container/server-log.ts';
import { findTask } from '../container/task.ts';
import { outputOrThrow } from '../container/sidecar.ts';
import { defineMethod } from '../define.ts';
import type { Volume } from '../container/volume.ts';
import { addToArchive, listArchive } from './wal/archive-volume.ts';
import { connectTo, findServer, type PostgresServer } from './server.ts';
import { SEGMENT_BYTES, selectRow, SERVER_ID, SERVER_TIME, type PostgresService } from './service.ts';
import { isTimestamp } from './wal/timestamp.ts';
import { segmentBefore, timelineOf, walPosition, type WalPosition } from './wal/position.ts';
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

interface ClosedSegment {
  readonly until: string;
  readonly last: string;
  readonly end: WalPosition;
  readonly segmentBytes: number;
  readonly serverId: string;
  /** How often `archive_command` had failed before. */
  readonly failedBefore: number;
}

/** Ends the current segment with a commit: a commit follows every time up to now, which makes all of them recovery targets. */
async function closeSegment(server: PostgresServer): Promise<ClosedSegment> {
  const columns = {
    mode: `current_setting('archive_mode')`,
    segmentBytes: SEGMENT_BYTES,
    serverId: SERVER_ID,
    failed: 'failed_count',
  };
  const { mode, segmentBytes, serverId, failed } = await selectRow(server, columns, {
    from: 'pg_stat_archiver',
  });
  if (mode === 'off')
    throw finding(`${server.service.service}: the server archives no WAL (archive_mode is off)`, {
      code: 'archiving-off',
      hint: 'Start it with archive_mode=on and an archive_command that copies into a separate volume.',
    });
  const { until } = await selectRow(server, { until: SERVER_TIME, transaction: 'txid_current()' });
  const { walFile, lsn } = await selectRow(
    server,
    { walFile: 'pg_walfile_name(lsn)', lsn: 'lsn' },
    { from: 'pg_switch_wal() AS lsn' },
  );
  const end = { timeline: timelineOf(walFile), lsn };
  const last = segmentBefore(end, Number(segmentBytes));
  return { until, last, end, segmentBytes: Number(segmentBytes), serverId, failedBefore: Number(failed) };
}

/** The archiver tries three times, then pauses for a minute. */
const TRIES = 3;

async function waitUntilArchived(
  server: PostgresServer,
  { last: segment, failedBefore }: ClosedSegment,
): Promise<void> {
  const columns = { last: 'last_archived_wal', failed: 'failed_count', failedSegment: 'last_failed_wal' };
  await waitForServer(
    server.task,
    `${segment} in the archive`,
    async () => {
      const { last, failed, failedSegment } = await selectRow(server, columns, {
        from: 'pg_stat_archiver',
      });
      if (last >= segment) return { done: true };
      const failures = Number(failed) - failedBefore;
      return failures < TRIES
        ? { notYet: `the last archived one is ${last || 'none'}` }
        : { giveUp: `archive_command failed ${failures} times for ${failedSegment}` };
    },
    { limit: seconds(120), code: 'not-archived' },
  );
}
