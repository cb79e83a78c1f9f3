// A base backup of a whole Postgres server, what both ways of restoring one begin with: taken from the running server, unpacked into
// an empty volume, and looked at by Postgres' own pg_verifybackup.
import { finding } from '../../support/errors.ts';
import { step } from '../../support/trace.ts';
import { runSidecar, outputOrThrow } from '../container/sidecar.ts';
import { fill } from '../container/empty-volume.ts';
import type { TextMetadata, ArtifactWriter, ArtifactReader } from '../../model/method.ts';
import { NOW, row, type PostgresService } from './service.ts';
import { findDataDirectory, findTask, execInTask } from '../container/task.ts';
import type { Volume } from '../container/volume.ts';

const BASE = 'base.tar';

export async function keepBase(service: PostgresService, { put }: ArtifactWriter): Promise<TextMetadata> {
  const task = await findTask(service);
  const [directory = ''] = await row(task, service, 'SHOW data_directory');
  const place = await findDataDirectory(task, directory);
  // To standard output WAL can't be streamed beside the files: it is fetched when they are through.
  const argv = [
    'pg_basebackup',
    '--pgdata=-',
    '--format=tar',
    '--wal-method=fetch',
    '--checkpoint=fast',
    '--no-password',
    '--verbose',
    `--username=${service.user}`,
  ];
  const { stderr } = await execInTask(task, argv, {
    user: 'postgres',
    env: ['LC_ALL=C'],
    read: (stdout) => put(BASE, stdout),
    code: 'base-backup-failed',
  });
  const [ended = '', lastSegment = '', segmentBytes = '', version = ''] = await row(
    task,
    service,
    `SELECT ${NOW}, pg_walfile_name('${endPoint(stderr)}'), pg_size_bytes(current_setting('wal_segment_size')), current_setting('server_version')`,
  );
  return { ...place, user: service.user, ended, lastSegment, segmentBytes, version };
}

/** Where the backup's own WAL ends, as pg_basebackup tells it. */
function endPoint(words: string): string {
  const point = /end point: ([0-9A-F]+\/[0-9A-F]+)/.exec(words)?.[1];
  if (point !== undefined) return point;
  throw finding('pg_basebackup did not say where the WAL of the backup ends', {
    code: 'base-backup-failed',
    output: words,
  });
}

/** Unpacks the base into a volume and compares every file of it with the manifest that the server wrote. */
export async function unpackBase(artifact: ArtifactReader, volume: Volume): Promise<void> {
  const { image = '', owner = '', path = '' } = artifact.metadata;
  await step('unpack the base backup', () => fill(volume, artifact.metadata, artifact.open(BASE)));
  const verified = await step('pg_verifybackup', () =>
    runSidecar(volume.node, {
      image,
      user: owner,
      argv: ['pg_verifybackup', '--quiet', `/volume/${path}`],
      volumes: { [volume.name]: '/volume:ro' },
    }),
  );
  outputOrThrow('pg_verifybackup', volume.node, 'base-damaged', verified);
}
