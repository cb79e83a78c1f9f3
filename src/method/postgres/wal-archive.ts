// Postgres' archived WAL: what turns a base backup into every moment since. Kept as often as one likes after one base.
import { randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import { seconds } from '../../support/clock.ts';
import { finding } from '../../support/errors.ts';
import { step } from '../../support/trace.ts';
import { withRollback } from '../../support/with-cleanup.ts';
import { runSidecar, outputOrThrow } from '../container/sidecar.ts';
import { fill, createVolume } from '../container/empty-volume.ts';
import type { Method } from '../../model/method.ts';
import { NOW, row, type PostgresService } from './service.ts';
import { waitForServer } from '../container/server-log.ts';
import { findDataDirectory, findTask, type ServiceTask } from '../container/task.ts';
import type { Volume } from '../container/volume.ts';
import { isHistory, isSegment } from './wal.ts';

/** A server whose `archive_command` copies WAL into a volume of its own. */
export interface PostgresArchive extends PostgresService {
  /** The directory in the container that `archive_command` copies to, e.g. `/archive`. */
  readonly archive: string;
  /** The first segment to keep, as `walPosition` told it before an earlier backup; everything in the archive when left out. */
  readonly from?: string;
}

/** The segment that is written to now. Noted before a backup, it is where the next keeping of WAL has to begin. */
export async function walPosition(service: PostgresService): Promise<string> {
  const [segment = ''] = await row(
    await findTask(service),
    service,
    'SELECT pg_walfile_name(pg_current_wal_lsn())',
  );
  return segment;
}

/** Restored into the volume that the archive was; several artifacts into the same one. */
export const postgresWal: Method<PostgresArchive, Volume, void> = {
  name: 'archived WAL',
  cannotHold: ['anything by itself: it continues a base backup', 'what was written after it was kept'],

  loses: [],

  async backup(source, { put }) {
    const task = await findTask(source);
    const place = await findDataDirectory(task, source.archive);
    const closed = await step('close the segment', () => closeSegment(task, source));
    const { until, last, segmentBytes } = closed;
    await step(`wait until ${last} is archived`, () => archived(task, source, closed));
    const volume = { swarm: source.swarm, node: task.node, name: place.volume };
    const there = await filesIn(volume, place.path, segmentBytes);
    const names = there.filter(
      (name) => isHistory(name) || (isSegment(name) && name >= (source.from ?? '') && name <= last),
    );
    if (!names.includes(last))
      throw finding(`the server says that it archived ${last}, and it is not whole in ${source.archive}`, {
        code: 'not-archived',
        node: task.node.name,
        hint: 'see that archive_command copies into that directory, and fails when it can not',
      });
    const tar = await runSidecar(
      task.node,
      {
        image: source.swarm.imageOf('toolbox'),
        user: '0:0',
        argv: [
          'tar',
          '--create',
          '--directory',
          `/volume/${place.path}`,
          '--numeric-owner',
          '--files-from=-',
        ],
        volumes: { [place.volume]: '/volume:ro' },
        input: names.join('\n'),
      },
      (stdout: Readable) => put('wal.tar', stdout),
    );
    outputOrThrow('tar', task.node, 'tar-failed', tar);
    return { ...place, until, last };
  },

  async restore(artifact, volume) {
    const { metadata: claim } = artifact;
    await createVolume(volume, claim);
    const incoming = `${claim['path']}/.incoming-${randomUUID()}`;
    // What was kept earlier is there already, and stays; a segment that came by half must not stand beside it.
    await withRollback(
      async () => {
        await fill(volume, { ...claim, path: incoming }, artifact.open('wal.tar'));
        await inArchive(volume, MOVE_OUT, incoming);
      },
      () => inArchive(volume, 'rm -rf "$1"', incoming),
      { code: NOT_FILLED, limit: seconds(120) },
    );
  },
};

const NOT_FILLED = 'archive-not-filled';

/** The place gets the mode that the archive had; its owner it has from being filled. */
const MOVE_OUT = `
  cd "$1" && find . -mindepth 1 -maxdepth 1 -exec mv --force --target-directory=.. {} + &&
  chmod --reference=. .. && rmdir "$1"`;

async function inArchive({ swarm, node, name }: Volume, script: string, path: string): Promise<void> {
  const moved = await runSidecar(node, {
    image: swarm.imageOf('toolbox'),
    user: '0:0',
    argv: ['sh', '-c', script, 'sh', `/volume/${path}`],
    volumes: { [name]: '/volume' },
  });
  outputOrThrow('sh', node, NOT_FILLED, moved);
}

/** Ends the present segment with a commit, so that every time up to now lies before a commit, and can be recovered to. */
async function closeSegment(task: ServiceTask, source: PostgresService) {
  const [mode = '', segmentBytes = '', failed = ''] = await row(
    task,
    source,
    `SELECT current_setting('archive_mode'), pg_size_bytes(current_setting('wal_segment_size')), failed_count FROM pg_stat_archiver`,
  );
  if (mode === 'off')
    throw finding('the server archives no WAL: archive_mode is off', {
      code: 'archiving-off',
      hint: 'start it with archive_mode=on and an archive_command that copies into a volume of its own',
    });
  const [until = ''] = await row(task, source, `SELECT ${NOW}, txid_current()`);
  const [last = ''] = await row(task, source, 'SELECT pg_walfile_name(pg_switch_wal())');
  return { until, last, segmentBytes, failedBefore: Number(failed) };
}

/** The archiver tries three times, then rests for a minute. */
const TRIES = 3;

async function archived(
  task: ServiceTask,
  source: PostgresService,
  { last: segment, failedBefore }: { readonly last: string; readonly failedBefore: number },
): Promise<void> {
  const sql = 'SELECT last_archived_wal, failed_count, last_failed_wal FROM pg_stat_archiver';
  await waitForServer(
    task,
    `${segment} in the archive`,
    async () => {
      const [last = '', failed = '', failedSegment = ''] = await row(task, source, sql);
      if (last >= segment) return { done: true };
      const failures = Number(failed) - failedBefore;
      return failures < TRIES
        ? { notYet: `the last one there is ${last || 'none'}` }
        : { giveUp: `archive_command failed ${failures} times for ${failedSegment}` };
    },
    { limit: seconds(120), code: 'not-archived' },
  );
}

/** Names of the files in an archive that are whole: segments of their full size, and histories. */
export async function filesIn(
  { swarm, node, name }: Volume,
  path: string,
  segmentBytes: string,
): Promise<string[]> {
  const found = await runSidecar(node, {
    image: swarm.imageOf('toolbox'),
    user: '0:0',
    argv: [
      ...['find', `/volume/${path}`, '-maxdepth', '1', '-type', 'f', '('],
      ...['-size', `${segmentBytes}c`, '-o', '-name', '*.history', ')', '-printf', '%f\\n'],
    ],
    volumes: { [name]: '/volume:ro' },
  });
  return outputOrThrow('find', node, 'archive-unreadable', found).split('\n').filter(Boolean).sort();
}
