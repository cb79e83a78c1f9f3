// Postgres as it was at a given time: a base backup, and archived WAL replayed up to that time. Whether the WAL covers the time is
// checked first; where the server really stopped is compared before the service may start.
import type { Method } from '../../model/method.ts';
import { minutes } from '../../support/clock.ts';
import { finding, reasonOf, usage, type DrillError } from '../../support/errors.ts';
import { step } from '../../support/trace.ts';
import type { Kept } from '../../vault/vault.ts';
import { withSidecarServer } from '../container/sidecar.ts';
import { defineMethod } from '../define.ts';
import { restoreIntoEmptyVolume } from '../container/empty-volume.ts';
import type { Volume } from '../container/volume.ts';
import {
  BASE_BACKUP_LIMITS,
  baseBackupMetadata,
  takeBaseBackup,
  unpackBaseBackup,
  type BaseBackupMetadata,
} from './base-backup.ts';
import { isAfter, parseTarget, type RecoveryTarget } from './wal/recovery-target.ts';
import { utcText, type PostgresService } from './service.ts';
import { formatTimestamp, parseTimestamp } from './wal/timestamp.ts';
import { lastPosition, requireCoverage, requireOneArchive } from './wal/require-coverage.ts';
import type { RestoredWal } from './wal-archive.ts';
import { readWalCoverage, type WalCoverage } from './wal/coverage.ts';
import { formatPosition, reachesLsn, type WalPosition } from './wal/position.ts';

/** The volume to recover into, and the point in time. */
export interface PointInTimeTarget extends Volume {
  /** The volume on the same node with the archived WAL. */
  readonly archive: string;
  /** What the restores of the WAL returned. Empty when the archive itself was not lost, or there is no WAL. */
  readonly wal: readonly RestoredWal[];
  /** The archive's directory in its volume, relative to the root. Default: that of `wal`. */
  readonly archivePath?: string;
  /** A time with its zone, `2026-11-23T02:15:07.123456Z`; or `latest`, the end of the archived WAL, which must be all of `wal`. */
  readonly to: string;
}

/** How far the recovery got. */
export interface PointInTimeResult {
  /** When the last transaction that was recovered ended. Undefined when nothing was written after the base backup. */
  readonly lastTransaction: string | undefined;
  /** The position up to which WAL was replayed. That of the base backup when nothing follows it. */
  readonly end: WalPosition;
}

/** Copies a running server, and recovers it to a point in time with the WAL of `postgresWalArchive`. */
export const postgresPointInTime = (): Method<PostgresService, PointInTimeTarget, PointInTimeResult> =>
  defineMethod({
    name: 'postgres point in time',
    limits: [
      { sentence: 'a time before the base backup ended, or after the last WAL that was backed up' },
      { sentence: 'a time after a later promotion: a new timeline needs a new base backup' },
      ...BASE_BACKUP_LIMITS,
    ],
    metadata: baseBackupMetadata,
    backup: takeBaseBackup,

    async restore(artifact, volume) {
      const { metadata } = artifact;
      const target = parseTarget(volume.to, metadata.ended);
      const { archive, wal } = volume;
      const restored = requireOneArchive(wal, archive, metadata);
      const archivePath = volume.archivePath ?? restored;
      const coverage = await step('check that the WAL covers the time', () =>
        readWalCoverage({ ...volume, name: archive, path: archivePath }, metadata, target),
      );
      requireCoverage(coverage, target, wal, metadata);
      return restoreIntoEmptyVolume(volume, metadata, async () => {
        await unpackBaseBackup(artifact, volume);
        return step('replay the WAL', () =>
          replayWal({ ...volume, archivePath }, metadata, target, coverage),
        );
      });
    },
  });

/** Combines a base backup and all WAL that was backed up after it into one thing to restore into the volume of the database. */
export const combineWithWal = (
  base: Kept<PointInTimeTarget, PointInTimeResult>,
  wal: readonly Kept<Volume, RestoredWal>[],
  { archive, to }: Pick<PointInTimeTarget, 'archive' | 'to'>,
): Kept<Volume, PointInTimeResult> => ({
  name: `${base.name} to ${to}`,
  async restoreInto(volume) {
    if (archive === volume.name)
      throw usage(
        `archived WAL: would be restored into the volume of the database, ${archive}`,
        'Name another volume for the archive.',
      );
    const restored: RestoredWal[] = [];
    for (const kept of wal) restored.push(await kept.restoreInto({ ...volume, name: archive }));
    return base.restoreInto({ ...volume, archive, wal: restored, to });
  },
});

/** Of a server in a container without a network. */
const PORT = '5432';

/**
 * For a server that only this program can connect to. It is promoted when it has reached its target. Settings of the data directory that
 * would lead elsewhere are overridden: its port, where its log goes, and what it runs or waits for during recovery.
 */
const START = `
  echo 'local all all trust' >/tmp/hba.conf && touch "$1/recovery.signal" && rm -f "$1/standby.signal" &&
  export ARCHIVE=$2 data=$1 && shift 2 &&
  exec postgres -D "$data" "$@" -c data_directory="$data" -c hba_file=/tmp/hba.conf -c port=${PORT} \\
    -c unix_socket_directories=/tmp -c listen_addresses= -c logging_collector=off -c log_destination=stderr \\
    -c hot_standby=off -c archive_mode=off -c restore_command='cp "$ARCHIVE/%f" "%p"' \\
    -c archive_cleanup_command= -c recovery_end_command= \\
    -c recovery_target_timeline=current -c recovery_target_action=promote`;

const REPLAYED = `SELECT pg_last_wal_replay_lsn(), ${utcText('pg_last_xact_replay_timestamp()')}`;

async function replayWal(
  volume: PointInTimeTarget & { readonly archivePath: string },
  base: BaseBackupMetadata,
  target: RecoveryTarget,
  coverage: WalCoverage,
): Promise<PointInTimeResult> {
  const { image, owner, path, user } = base;
  // At the very end of the WAL no commit follows that would show the server that the time is reached.
  // While the server reads its settings it knows no names of time zones yet, not even Z.
  const stop =
    target === 'latest' || !coverage.passesTarget
      ? []
      : ['-c', `recovery_target_time=${formatTimestamp(target).replace('Z', '+00')}`];
  const server = {
    image,
    user: owner,
    argv: ['sh', '-c', START, 'sh', `/volume/${path}`, `/archive/${volume.archivePath}`, ...stop],
    volumes: { [volume.name]: '/volume', [volume.archive]: '/archive:ro' },
    signal: 'SIGINT',
    limit: minutes(60),
    code: 'recovery-failed',
  };
  const connect = ['-h', '/tmp', '-p', PORT, '-U', user, '-d', 'template1'];
  const psql = ['psql', '-XAtq', ...connect, '-c', REPLAYED];
  return withSidecarServer(volume.node, server, async ({ run, until }) => {
    const output = await until('the end of recovery', () =>
      run(psql).then(
        (done) => ({ done: done.trim() }),
        (error: unknown) => ({ notYet: (error as DrillError).output ?? reasonOf(error) }),
      ),
    );
    const [lsn = '', time = ''] = output.split('|');
    const end = { timeline: base.end.timeline, lsn };
    const replayed = parseTimestamp(time);
    const { upToTarget } = coverage;
    const isOther =
      upToTarget === undefined ? replayed && isAfter(replayed, target) : replayed !== upToTarget;
    if (isOther)
      throw finding(
        `recovery: stopped at the wrong transaction (expected ${upToTarget === undefined ? base.ended : formatTimestamp(upToTarget)}, got ${time || 'the end of the base backup'})`,
        { code: 'other-time', node: volume.node.name },
      );
    const wanted = target === 'latest' ? lastPosition(volume.wal, base) : base.end;
    if (!reachesLsn(lsn, wanted.lsn))
      throw finding(
        `recovery: stopped too early (expected ${formatPosition(wanted)}, got ${formatPosition(end)})`,
        { code: 'other-position', node: volume.node.name },
      );
    return { lastTransaction: replayed === undefined ? undefined : formatTimestamp(replayed), end };
  });
}
