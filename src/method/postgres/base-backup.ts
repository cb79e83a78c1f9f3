// Postgres as a copy of the whole server: pg_basebackup while it runs, with the WAL that makes the copy consistent. A restore
// unpacks it into an empty volume, where Postgres' own pg_verifybackup compares every file, and the end of its WAL is compared, too.
import { z } from 'zod';
import type { ArtifactReader, ArtifactWriter, Limit, Method } from '../../model/method.ts';
import { finding } from '../../support/errors.ts';
import { step } from '../../support/trace.ts';
import {
  fillDirectory,
  findDataDirectory,
  dataDirectory,
  type DataDirectory,
} from '../container/data-directory.ts';
import { runSidecar, outputOrThrow } from '../container/sidecar.ts';
import { defineMethod } from '../define.ts';
import { restoreIntoEmptyVolume } from '../container/empty-volume.ts';
import { typedInContainer } from '../container/typed.ts';
import type { Volume } from '../container/volume.ts';
import { readManifestEnds } from './wal/base-manifest.ts';
import { findServer, runClient } from './server.ts';
import { SEGMENT_BYTES, selectRow, SERVER_ID, SERVER_TIME, type PostgresService } from './service.ts';
import { isTimestamp } from './wal/timestamp.ts';
import { formatPosition, segmentBefore, timelineOf, walPosition } from './wal/position.ts';
import { isSegment } from './wal/segments.ts';

export const baseBackupMetadata = dataDirectory.extend({
  /** The superuser. */
  user: z.string().min(1),
  /** When the backup ended, by the server's clock. */
  ended: z.string().refine(isTimestamp, 'expected a time'),
  /** The last WAL segment that is part of the backup. */
  lastSegment: z.string().refine(isSegment, 'expected the name of a WAL segment'),
  segmentBytes: z.int().positive(),
  /** Where the backup's own WAL ends. */
  end: walPosition,
  /** Identifier of the server. Its WAL has the same one. */
  server: z.string().min(1),
  /** Of the server. */
  version: z.string(),
});
export type BaseBackupMetadata = z.infer<typeof baseBackupMetadata>;

/** Limits of every restore that begins with a base backup. */
export const BASE_BACKUP_LIMITS: readonly Limit[] = [
  {
    sentence:
      'unlogged tables (they come back empty), replication slots, and tablespaces outside of the data directory (refused)',
  },
  { sentence: 'another major version of Postgres or another processor architecture' },
];

/**
 * Copies a running server with `pg_basebackup`. Restores into the volume that the service is going to use, before a label lets it
 * start there.
 */
export const postgresBaseBackup = (): Method<PostgresService, Volume, void> =>
  defineMethod({
    name: 'postgres base backup',
    limits: [{ sentence: 'anything written after the backup ended' }, ...BASE_BACKUP_LIMITS],
    metadata: baseBackupMetadata,
    backup: takeBaseBackup,
    restore: (artifact, volume) =>
      restoreIntoEmptyVolume(volume, artifact.metadata, () => unpackBaseBackup(artifact, volume)),
  });

const BASE = 'base.tar';

/** @throws DrillError `not-running`, `no-volume`, `base-backup-failed`, `interrupted`; or what `put` throws */
export async function takeBaseBackup(
  service: PostgresService,
  { put }: ArtifactWriter,
): Promise<BaseBackupMetadata> {
  const server = await findServer(service);
  const { data } = await selectRow(server, { data: `current_setting('data_directory')` });
  const directory: DataDirectory = await findDataDirectory(server.task, data);
  // WAL can't be streamed in parallel to a tar on standard output: it is fetched after the files.
  const argv = [
    'pg_basebackup',
    '--pgdata=-',
    '--format=tar',
    '--wal-method=fetch',
    '--checkpoint=fast',
    '--no-password',
    '--verbose',
  ];
  const { stderr } = await runClient(server, argv, {
    read: (stdout) => put(BASE, stdout),
    code: 'base-backup-failed',
  });
  const lsn = parseEndPoint(stderr);
  const { walFile, ...facts } = await selectRow(server, {
    ended: SERVER_TIME,
    walFile: `pg_walfile_name('${lsn}')`,
    segmentBytes: SEGMENT_BYTES,
    server: SERVER_ID,
    version: `current_setting('server_version')`,
  });
  const segmentBytes = Number(facts.segmentBytes);
  const end = { timeline: timelineOf(walFile), lsn };
  const lastSegment = segmentBefore(end, segmentBytes);
  return { ...directory, ...facts, user: service.user, lastSegment, segmentBytes, end };
}

/** Returns the position at which the backup's own WAL ends, which `pg_basebackup` prints on standard error. */
function parseEndPoint(log: string): string {
  const point = /end point: ([0-9A-F]+\/[0-9A-F]+)/.exec(log)?.[1];
  if (point !== undefined) return point;
  throw finding('pg_basebackup: its output has no "end point" of the WAL', {
    code: 'base-backup-failed',
    output: log,
  });
}

/**
 * Unpacks the base backup into a volume. Compares every file with the manifest that the server wrote, and the end of the WAL with the
 * one that was recorded.
 * @throws DrillError `tar-failed`, `base-damaged`, `base-incomplete`
 */
export async function unpackBaseBackup(
  artifact: ArtifactReader<BaseBackupMetadata>,
  volume: Volume,
): Promise<void> {
  const { metadata } = artifact;
  const directory = `/volume/${metadata.path}`;
  await step(
    'unpack the base backup',
    () => fillDirectory(volume, metadata, artifact.open(BASE)),
    typedInContainer(volume, {
      at: '/volume',
      image: '<image with tar>',
      argv: ['tar', '--extract', '--same-permissions', '--directory', directory],
      input: BASE,
    }),
  );
  const argv = ['pg_verifybackup', '--quiet', directory];
  const verified = await step(
    'pg_verifybackup',
    () =>
      runSidecar(volume.node, {
        image: metadata.image,
        user: metadata.owner,
        argv,
        volumes: { [volume.name]: '/volume:ro' },
      }),
    typedInContainer(volume, { at: '/volume:ro', image: metadata.image, argv }),
  );
  outputOrThrow('pg_verifybackup', volume.node, 'base-damaged', verified);
  const ends = await readManifestEnds(volume, metadata.path);
  const { timeline, lsn } = metadata.end;
  if (!ends.some((end) => end.timeline === timeline && end.lsn === lsn))
    throw finding(
      `base backup: its WAL ends elsewhere than recorded (expected ${formatPosition(metadata.end)}, got ${ends.map(formatPosition).join(', ') || 'none'})`,
      { code: 'base-incomplete', node: volume.node.name },
    );
}
