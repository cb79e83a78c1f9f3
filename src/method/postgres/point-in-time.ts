// Postgres as it was at a given time: a base backup, and archived WAL replayed up to that time. Whether the WAL covers the time is
// checked first; where the server really stopped is compared before the service may start.
import type { Method } from '../../model/method.ts';
import { minutes } from '../../support/clock.ts';
import { finding, reasonOf, type DrillError } from '../../support/errors.ts';
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
import { isAfter, parseTarget, type RecoveryTarget } from './recovery-target.ts';
import { utcText, type PostgresService } from './service.ts';
import { formatTimestamp, parseTimestamp } from './timestamp.ts';
import { readWalCoverage, requireCoverage, type WalCoverage } from './wal-coverage.ts';

/** The volume to recover into, and the point in time. */
export interface PointInTimeTarget extends Volume {
  /** The volume on the same node that the archived WAL was restored into. */
  readonly archive: string;
  /** A time with its zone, `2026-11-23T02:15:07.123456Z`; or `latest`, the end of the archived WAL. */
  readonly to: string;
}

/** How far the recovery got. */
export interface PointInTimeResult {
  /** When the last transaction that was recovered ended. Undefined when nothing was written after the base backup. */
  readonly lastTransaction: string | undefined;
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
      const coverage = await step('check that the WAL covers the time', () =>
        readWalCoverage({ ...volume, name: volume.archive }, metadata, target),
      );
      requireCoverage(coverage, target, metadata);
      return restoreIntoEmptyVolume(volume, metadata, async () => {
        await unpackBaseBackup(artifact, volume);
        return step('replay the WAL', () => replayWal(volume, metadata, target, coverage));
      });
    },
  });

/** Combines a base backup and all WAL that was backed up after it into one thing to restore into the volume of the database. */
export const combineWithWal = (
  base: Kept<PointInTimeTarget, PointInTimeResult>,
  wal: readonly Kept<Volume, void>[],
  { archive, to }: Pick<PointInTimeTarget, 'archive' | 'to'>,
): Kept<Volume, PointInTimeResult> => ({
  name: `${base.name} to ${to}`,
  async restoreInto(volume) {
    for (const kept of wal) await kept.restoreInto({ ...volume, name: archive });
    return base.restoreInto({ ...volume, archive, to });
  },
});

/** For a server that only this program can connect to. It is promoted when it has reached its target. */
const START = `
  echo 'local all all trust' >/tmp/hba.conf && touch "$1/recovery.signal" &&
  exec postgres -D "$@" -c hba_file=/tmp/hba.conf -c unix_socket_directories=/tmp -c listen_addresses= \\
    -c hot_standby=off -c archive_mode=off -c restore_command='cp "/archive/%f" "%p"' \\
    -c recovery_target_timeline=current -c recovery_target_action=promote`;

const REPLAYED = `SELECT ${utcText('pg_last_xact_replay_timestamp()')}`;

async function replayWal(
  volume: PointInTimeTarget,
  { image, owner, path, user, ended }: BaseBackupMetadata,
  target: RecoveryTarget,
  { upToTarget, passesTarget }: WalCoverage,
): Promise<PointInTimeResult> {
  // At the very end of the WAL no commit follows that would show the server that the time is reached.
  // While the server reads its settings it knows no names of time zones yet, not even Z.
  const stop =
    target === 'latest' || !passesTarget
      ? []
      : ['-c', `recovery_target_time=${formatTimestamp(target).replace('Z', '+00')}`];
  const server = {
    image,
    user: owner,
    argv: ['sh', '-c', START, 'sh', `/volume/${path}`, ...stop],
    volumes: { [volume.name]: '/volume', [volume.archive]: '/archive:ro' },
    signal: 'SIGINT',
    limit: minutes(60),
    code: 'recovery-failed',
  };
  const psql = ['psql', '-XAtq', '-h', '/tmp', '-U', user, '-d', 'postgres', '-c', REPLAYED];
  return withSidecarServer(volume.node, server, async ({ run, until }) => {
    const output = await until('the end of recovery', () =>
      run(psql).then(
        (done) => ({ done: done.trim() }),
        (error: unknown) => ({ notYet: (error as DrillError).output ?? reasonOf(error) }),
      ),
    );
    const replayed = parseTimestamp(output);
    const isOther =
      upToTarget === undefined ? replayed && isAfter(replayed, target) : replayed !== upToTarget;
    if (isOther)
      throw finding(
        `recovery: stopped at the wrong transaction (expected ${upToTarget === undefined ? ended : formatTimestamp(upToTarget)}, got ${output || 'the end of the base backup'})`,
        { code: 'other-time', node: volume.node.name },
      );
    return { lastTransaction: replayed === undefined ? undefined : formatTimestamp(replayed) };
  });
}
