// Closes the segment of WAL that is being written, and waits until the server has archived it.
import { seconds } from '../../../support/clock.ts';
import { finding } from '../../../support/errors.ts';
import { waitForServer } from '../../container/server-log.ts';
import type { PostgresServer } from '../server.ts';
import { SEGMENT_BYTES, selectRow, SERVER_ID, SERVER_TIME } from '../service.ts';
import { segmentBefore, timelineOf, type WalPosition } from './position.ts';

export interface ClosedSegment {
  readonly until: string;
  readonly last: string;
  readonly end: WalPosition;
  readonly segmentBytes: number;
  readonly serverId: string;
  /** How often `archive_command` had failed before. */
  readonly failedBefore: number;
}

/** Ends the current segment with a commit: a commit follows every time up to now, which makes all of them recovery targets. */
export async function closeSegment(server: PostgresServer): Promise<ClosedSegment> {
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

export async function waitUntilArchived(
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
