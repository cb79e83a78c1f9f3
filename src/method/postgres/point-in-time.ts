// Postgres as it was at a given time: a base backup, and archived WAL replayed up to that time. Whether the WAL covers the time is
// checked first; where the server really stopped is compared before the service may start.
import type { Method } from '../../model/method.ts';
import { usage } from '../../support/errors.ts';
import { step, typed } from '../../support/trace.ts';
import type { Kept } from '../../vault/vault.ts';
import { defineMethod } from '../define.ts';
import { restoreIntoEmptyVolume } from '../container/empty-volume.ts';
import type { Volume } from '../container/volume.ts';
import { BASE_BACKUP_LIMITS, baseBackupMetadata, takeBaseBackup, unpackBaseBackup } from './base-backup.ts';
import { parseTarget } from './wal/recovery-target.ts';
import type { PostgresService } from './service.ts';
import { requireCoverage, requireOneArchive } from './wal/require-coverage.ts';
import type { RestoredWal } from './wal-archive.ts';
import { readWalCoverage } from './wal/coverage.ts';
import type { WalPosition } from './wal/position.ts';
import { replayWal } from './wal/replay.ts';

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
        return step(
          'replay the WAL',
          () => replayWal({ ...volume, archivePath }, metadata, target, coverage),
          typed(
            volume.node,
            `touch recovery.signal && postgres -c "restore_command=cp ${archive}/%f %p"${target === 'latest' ? '' : ` -c "recovery_target_time=${volume.to}"`} -c recovery_target_action=promote`,
          ),
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
