// Postgres as it was at a named time: a base backup, and archived WAL replayed up to there. Whether the WAL reaches so far is looked
// at first; where the server really stopped is compared afterwards, before the service may start.
import { minutes } from '../../support/clock.ts';
import { finding, reasonOf, type DrillError } from '../../support/errors.ts';
import { step } from '../../support/trace.ts';
import { withSidecarServer } from '../container/sidecar.ts';
import { restoreIntoEmptyVolume } from '../container/empty-volume.ts';
import type { TextMetadata, Method } from '../../model/method.ts';
import { keepBase, unpackBase } from './base-backup.ts';
import type { PostgresService } from './service.ts';
import type { Kept } from '../../vault/vault.ts';
import type { Volume } from '../container/volume.ts';
import { momentOf, namedMoment, timeOf } from './wal.ts';
import { liesAfter, reachOf, refuseUnlessReached, type Goal, type Reach } from './wal-coverage.ts';

export interface PointInTime extends Volume {
  /** The volume on the same node that the archived WAL was restored into. */
  readonly archive: string;
  /** A time with its zone, `2026-11-23T02:15:07.123456Z`; or `latest`, the end of the archived WAL. */
  readonly to: string;
}

export interface Recovered {
  /** When the last transaction that is in there ended; none when nothing was written after the base backup. */
  readonly lastTransaction: string | undefined;
}

export const postgresPointInTime: Method<PostgresService, PointInTime, Recovered> = {
  name: 'pg_basebackup and WAL to a named time',
  cannotHold: [
    'a time before the base backup ended, or after the last WAL that was kept',
    'a time after a promotion that came after the base: a new timeline needs a new base',
    'unlogged tables (they come back empty), replication slots, and tablespaces outside of the data directory (refused)',
    'another major version of Postgres or another processor architecture',
  ],

  loses: [],

  backup: keepBase,

  async restore(artifact, target) {
    const { metadata: claim } = artifact;
    const goal = goalOf(target.to, claim);
    const reach = await step('look how far the WAL reaches', () =>
      reachOf({ ...target, name: target.archive }, claim, goal),
    );
    refuseUnlessReached(reach, goal, claim);
    return restoreIntoEmptyVolume(target, claim, async () => {
      await unpackBase(artifact, target);
      return step('replay the WAL', () => recover(target, claim, goal, reach));
    });
  },
};

/** A base backup and all WAL that was kept after it, as one thing to restore into the database's volume. */
export const pointInTime = (
  base: Kept<PointInTime, Recovered>,
  wal: readonly Kept<Volume, void>[],
  { archive, to }: Pick<PointInTime, 'archive' | 'to'>,
): Kept<Volume, Recovered> => ({
  name: `${base.name} to ${to}`,
  async restoreInto(volume) {
    for (const kept of wal) await kept.restoreInto({ ...volume, name: archive });
    return base.restoreInto({ ...volume, archive, to });
  },
});

function goalOf(to: string, { ended = '' }: TextMetadata): Goal {
  if (to === 'latest') return to;
  const goal = namedMoment(to);
  if (goal < (momentOf(ended) ?? 0))
    throw finding(`the base backup ended at ${ended}, after the ${timeOf(goal)} that was asked for`, {
      code: 'target-before-base',
      hint: 'name a later time, or take an earlier base backup',
    });
  return goal;
}

/** For a server that nobody but this program reaches, and that ends when it is where it should be. */
const START = `
  echo 'local all all trust' >/tmp/hba.conf && touch "$1/recovery.signal" &&
  exec postgres -D "$@" -c hba_file=/tmp/hba.conf -c unix_socket_directories=/tmp -c listen_addresses= \\
    -c hot_standby=off -c archive_mode=off -c restore_command='cp "/archive/%f" "%p"' \\
    -c recovery_target_timeline=current -c recovery_target_action=promote`;

const REPLAYED = `SELECT to_char(pg_last_xact_replay_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;

async function recover(
  target: PointInTime,
  claim: TextMetadata,
  goal: Goal,
  reach: Reach,
): Promise<Recovered> {
  const { image = '', owner = '', path = '', user = '' } = claim;
  // At the very end of the WAL no commit follows at which the server could see that the time is reached.
  // While it reads its settings the server knows no names of zones yet, not even Z.
  const stop =
    goal === 'latest' || !reach.passed
      ? []
      : ['-c', `recovery_target_time=${timeOf(goal).replace('Z', '+00')}`];
  const server = {
    image,
    user: owner,
    argv: ['sh', '-c', START, 'sh', `/volume/${path}`, ...stop],
    volumes: { [target.name]: '/volume', [target.archive]: '/archive:ro' },
    signal: 'SIGINT',
    limit: minutes(60),
    code: 'recovery-failed',
  };
  const psql = ['psql', '-XAtq', '-h', '/tmp', '-U', user, '-d', 'postgres', '-c', REPLAYED];
  return withSidecarServer(target.node, server, async ({ run, until }) => {
    const answer = await until('the end of recovery', () =>
      run(psql).then(
        (done) => ({ done: done.trim() }),
        (error: unknown) => ({ notYet: (error as DrillError).output ?? reasonOf(error) }),
      ),
    );
    const replayed = momentOf(answer);
    if (reach.upTo === undefined ? replayed && liesAfter(replayed, goal) : replayed !== reach.upTo)
      throw finding(
        `the server stopped at ${answer || 'the end of the base backup'}, and the last transaction up to the named time is of ${reach.upTo === undefined ? claim['ended'] : timeOf(reach.upTo)}`,
        { code: 'other-time', node: target.node.name },
      );
    return { lastTransaction: replayed === undefined ? undefined : timeOf(replayed) };
  });
}
