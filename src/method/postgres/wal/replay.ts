// Replays archived WAL in a server that only this program can connect to, and compares where it stopped with what was expected.
import { minutes } from '../../../support/clock.ts';
import { finding, reasonOf, type DrillError } from '../../../support/errors.ts';
import { withSidecarServer } from '../../container/sidecar.ts';
import type { BaseBackupMetadata } from '../base-backup.ts';
import type { PointInTimeResult, PointInTimeTarget } from '../point-in-time.ts';
import { utcText } from '../service.ts';
import type { WalCoverage } from './coverage.ts';
import { formatPosition, reachesLsn } from './position.ts';
import { isAfter, type RecoveryTarget } from './recovery-target.ts';
import { lastPosition } from './require-coverage.ts';
import { formatTimestamp, parseTimestamp } from './timestamp.ts';

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

/** Returns how far it got. @throws DrillError `recovery-failed`, `other-time`, `other-position` */
export async function replayWal(
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
