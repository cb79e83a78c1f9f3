// Copies of a real Postgres server, restored whole or to a point in time: what comes back, and what is reported when it fails.
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ArtifactReader, Method } from '../../../src/model/method.ts';
import { postgresBaseBackup, type BaseBackupMetadata } from '../../../src/method/postgres/base-backup.ts';
import {
  postgresPointInTime,
  type PointInTimeResult,
  type PointInTimeTarget,
} from '../../../src/method/postgres/point-in-time.ts';
import {
  postgresWalArchive,
  readWalPosition,
  type RestoredWal,
} from '../../../src/method/postgres/wal-archive.ts';
import { reachesLsn, walPosition } from '../../../src/method/postgres/wal/position.ts';
import { nextSegment } from '../../../src/method/postgres/wal/segments.ts';
import type { DrillError } from '../../../src/support/errors.ts';
import { Scope } from '../../../src/support/scope.ts';
import {
  brokenAfter,
  failureOf,
  filesIn,
  finding,
  fullDuring,
  fullVault,
  runInVolume,
} from '../../support/method-lab.ts';
import { PASSWORDS, PostgresServer } from '../../support/postgres-server.ts';
import { openArtifactStore } from '../../support/artifact-store.ts';

const scope = new Scope();
let server: PostgresServer;

beforeAll(async () => {
  server = await PostgresServer.start('base-backup');
  await server.sql('CREATE TABLE marks (id int PRIMARY KEY, at timestamptz DEFAULT clock_timestamp())');
  await server.sql('GRANT SELECT ON marks TO reader');
  await server.sql('ALTER SYSTEM SET work_mem = 12345');
  await server.sql('CREATE TABLE bulk AS SELECT i, md5(i::text) FROM generate_series(1, 100000) AS i');
});
afterAll(async () => {
  await scope[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

/** Backs up, onto a separate shelf. */
async function backUp<S, T, R>(method: Method<S, T, R>, from: S) {
  const place = await openArtifactStore();
  scope.defer('remove the shelf', async () => place[Symbol.asyncDispose]());
  return { place, artifact: place.reader(await method.backup(from, place.writer)) };
}

test('restores a server that was copied while it ran, with roles and settings', async () => {
  await server.sql('TRUNCATE marks; INSERT INTO marks VALUES (1)');
  const { artifact } = await backUp(postgresBaseBackup(), server.source());
  expect(JSON.stringify(artifact.metadata)).not.toMatch(PASSWORDS);
  await server.sql('INSERT INTO marks VALUES (2)');
  await server.lose('pg_data', 'pg_archive');
  const data = server.volume('pg_data');
  await postgresBaseBackup().restore(artifact, data);
  const { Labels } = await data.node.engine.volumes.inspect('pg_data');
  expect(Labels).toMatchObject({ purpose: 'rows', 'com.docker.stack.namespace': 'pg' });
  await server.deploy();
  expect(await server.sql('SELECT id FROM marks ORDER BY id')).toBe('1');
  expect(await server.sql('SELECT count(*), max(md5) FROM bulk')).toMatch(/^100000\|/);
  expect(await server.sql('SET ROLE reader; SELECT count(*) FROM marks; RESET ROLE; SHOW work_mem')).toBe(
    '1\n12345kB',
  );
  await server.sql('INSERT INTO marks VALUES (3)');
});

test('refuses a base backup with a changed byte, and leaves the volume empty', async () => {
  const { place, artifact } = await backUp(postgresBaseBackup(), server.source());
  const tar = await readFile(place.path('base.tar'));
  const at = tar.indexOf(createHash('md5').update('50000').digest('hex'));
  tar.writeUInt8(tar.readUInt8(at) ^ 1, at);
  await writeFile(place.path('base.tar'), tar);
  expect(await failureOf(postgresBaseBackup().restore(artifact, server.volume('damaged')))).toMatchObject({
    ...finding('base-damaged'),
    output: expect.stringMatching(/checksum mismatch for file "base\/\d+\/\d+"/),
  });
  expect(await filesIn(server.volume('damaged'))).toBe('');
});

test('refuses a truncated base backup, and leaves the volume empty', async () => {
  const { place, artifact } = await backUp(postgresBaseBackup(), server.source());
  const tar = await readFile(place.path('base.tar'));
  await writeFile(place.path('base.tar'), tar.subarray(0, tar.length / 2));
  expect(await failureOf(postgresBaseBackup().restore(artifact, server.volume('damaged')))).toMatchObject({
    ...finding('tar-failed'),
    output: expect.stringContaining('Unexpected EOF in archive'),
  });
  expect(await filesIn(server.volume('damaged'))).toBe('');
});

test('reports a server that is killed during a base backup, and the server runs again', async () => {
  const put = async (_file: string, content: Readable): Promise<void> => {
    await server.kill();
    for await (const _chunk of content);
  };
  const killed = postgresBaseBackup().backup(server.source(), { ...fullVault, put });
  expect(await failureOf(killed)).toMatchObject(finding('interrupted'));
  await server.swarm.converged();
  expect(await server.sql('SELECT 1')).toBe('1');
});

test('leaves no base backup running when the vault refuses everything', async () => {
  const refused = postgresBaseBackup().backup(server.source(), fullVault);
  expect(await failureOf(refused)).toMatchObject(finding('vault-refused'));
  await server.clientsEnded();
  expect(await server.sql('SELECT count(*) FROM pg_stat_progress_basebackup')).toBe('0');
});

test('leaves no base backup running when the vault refuses half-way', async () => {
  await using place = await openArtifactStore();
  const refused = postgresBaseBackup().backup(server.source(), fullDuring('base.tar', place));
  expect(await failureOf(refused)).toMatchObject(finding('vault-refused'));
  await server.clientsEnded();
});

/** A base backup, WAL that was backed up twice after it, and times between the writes. */
interface History {
  readonly base: ArtifactReader;
  readonly metadata: BaseBackupMetadata;
  readonly wal: readonly [ArtifactReader, ArtifactReader];
  /** Before the base backup. */
  readonly before: string;
  /** After the marks 10 to 15, before 16. */
  readonly between: string;
}

let recorded: Promise<History> | undefined;
const history = (): Promise<History> => (recorded ??= recordHistory());

async function recordHistory(): Promise<History> {
  const before = await server.now();
  await server.sql('TRUNCATE marks; INSERT INTO marks VALUES (10)');
  const { artifact: base } = await backUp(postgresPointInTime(), server.source());
  await server.sql('INSERT INTO marks VALUES (11)');
  const from = await readWalPosition(server.source());
  const first = await backUp(postgresWalArchive(), server.archive);
  for (const id of [12, 13, 14])
    await server.sql(`INSERT INTO marks VALUES (${id}); UPDATE bulk SET md5 = md5(md5) WHERE i % 50 = 0`);
  await server.sql('INSERT INTO marks VALUES (15)');
  const between = await server.now();
  await server.sql('INSERT INTO marks VALUES (16)');
  const second = await backUp(postgresWalArchive(), { ...server.archive, from });
  const metadata = base.metadata as unknown as BaseBackupMetadata;
  return { base, metadata, wal: [first.artifact, second.artifact], before, between };
}

/** Restores the WAL into a volume of this name. */
async function restoreArchive(name: string): Promise<{ archive: string; wal: RestoredWal[] }> {
  const wal: RestoredWal[] = [];
  for (const artifact of (await history()).wal)
    wal.push(await postgresWalArchive().restore(artifact, server.volume(name)));
  return { archive: name, wal };
}

test('recovers the server to a given time, and not further', async () => {
  const { base, between } = await history();
  await server.lose('pg_data', 'pg_archive');
  const target = { ...server.volume('pg_data'), ...(await restoreArchive('pg_archive')), to: between };
  const { lastTransaction } = await postgresPointInTime().restore(base, target);
  expect(lastTransaction?.localeCompare(between)).toBe(-1);
  await server.deploy();
  expect(await server.sql("SELECT string_agg(id::text, ' ' ORDER BY id) FROM marks")).toBe(
    '10 11 12 13 14 15',
  );
  expect(await server.sql('SHOW recovery_target_time')).toBe('');
  await server.sql('INSERT INTO marks VALUES (20)');
  // The promoted server keeps archiving, on a new timeline.
  const { artifact } = await backUp(postgresWalArchive(), server.archive);
  expect(artifact.metadata['last']).toMatch(/^00000002/);
});

/**
 * Restores to `to`, into a volume of no service, with an archive in which `damage` ran. @returns the result or the error
 * @param change to the target
 */
async function attempt(
  to: string,
  damage = 'true',
  change: (target: PointInTimeTarget) => Partial<PointInTimeTarget> = () => ({}),
): Promise<unknown> {
  const { base } = await history();
  const restored = await restoreArchive('try-archive');
  const archive = server.volume('try-archive');
  await runInVolume(archive, damage);
  const target = { ...server.volume('try-data'), ...restored, to };
  try {
    return await postgresPointInTime()
      .restore(base, { ...target, ...change(target) })
      .catch((error: unknown) => error);
  } finally {
    await archive.node.exec(['docker', 'volume', 'rm', '--force', 'try-data', archive.name]);
  }
}

/** The first and the second segment after the base backup. */
async function segmentsAfterBase(): Promise<readonly [string, string]> {
  const { lastSegment, segmentBytes } = (await history()).metadata;
  const first = nextSegment(lastSegment, segmentBytes);
  return [first, nextSegment(first, segmentBytes)];
}

test('leaves the archive as it was when WAL does not arrive completely', async () => {
  const [first, second] = (await history()).wal;
  const archive = server.volume('half-archive');
  await postgresWalArchive().restore(first, archive);
  const sums = 'find . -type f | sort | xargs sha256sum';
  const before = await runInVolume(archive, sums);
  const broken = brokenAfter(second, 'wal.tar', 1.5 * 2 ** 20);
  expect(await failureOf(postgresWalArchive().restore(broken, archive))).toMatchObject(
    finding('artifact-unreadable'),
  );
  expect(await runInVolume(archive, sums)).toBe(before);
  expect(await runInVolume(archive, 'find . -name "*incoming*"')).toBe('');
  await postgresWalArchive().restore(second, archive);
  expect(await runInVolume(archive, 'ls -A')).toContain(second.metadata['last']);
  await archive.node.exec(['docker', 'volume', 'rm', archive.name]);
});

test('names a missing segment and the time up to which recovery is possible, and recovers to it', async () => {
  const { between } = await history();
  const [, missing] = await segmentsAfterBase();
  const gap = (await attempt(between, `rm ${missing}`)) as DrillError;
  expect(gap).toMatchObject(finding('wal-gap'));
  expect(gap.message).toContain(`segment ${missing} is missing`);
  const [, furthest = ''] = /recovery is possible up to (\S+)$/.exec(gap.message) ?? [];
  expect(furthest.localeCompare(between)).toBe(-1);
  expect(await attempt(furthest, `rm ${missing}`)).toMatchObject({ lastTransaction: furthest });
});

test('refuses the end of the WAL when a segment is missing', async () => {
  const [, missing] = await segmentsAfterBase();
  expect(await attempt('latest', `rm ${missing}`)).toMatchObject(finding('wal-gap'));
});

test('refuses a truncated segment', async () => {
  const { between } = await history();
  const [, truncated] = await segmentsAfterBase();
  expect(await attempt(between, `truncate -s 500K ${truncated}`)).toMatchObject(finding('wal-gap'));
});

test('recovers to the end of the base backup when the first segment after it is missing', async () => {
  const { between, metadata } = await history();
  const [missing] = await segmentsAfterBase();
  const gap = (await attempt(between, `rm ${missing}`)) as DrillError;
  expect(gap.message).toContain(`recovery is possible up to ${metadata.ended}`);
  const { lastTransaction, end } = (await attempt(metadata.ended, `rm ${missing}`)) as PointInTimeResult;
  expect(lastTransaction).toBeUndefined();
  // The base backup is the last thing in its segment.
  expect(end.lsn).toMatch(/00000$/);
  expect(reachesLsn(end.lsn, metadata.end.lsn)).toBe(true);
});

test('reports a flipped bit in a segment with the message of pg_waldump', async () => {
  const { between } = await history();
  const [, damaged] = await segmentsAfterBase();
  const flip = `printf '\\377\\377\\377\\377' | dd of=${damaged} bs=1 seek=524288 conv=notrunc`;
  expect(await attempt(between, flip)).toMatchObject({
    ...finding('wal-damaged'),
    output: expect.stringMatching(/pg_waldump: error: error in WAL record at/),
    hint: expect.stringMatching(/Name a time up to \d{4}/),
  });
});

test('refuses a time after the last transaction, and names the last segment', async () => {
  const [, { metadata }] = (await history()).wal;
  const ends = (await attempt(new Date(Date.now() + 3_600_000).toISOString())) as DrillError;
  expect(ends).toMatchObject(finding('wal-ends'));
  expect(ends.message).toContain(`ends with segment ${String(metadata['last'])}`);
});

test('refuses an empty archive', async () => {
  const { between } = await history();
  expect(await attempt(between, 'rm 0*')).toMatchObject(finding('wal-ends'));
});

test('refuses a time before the base backup', async () => {
  const { before } = await history();
  expect(await attempt(before)).toMatchObject(finding('target-before-base'));
});

test('recovers to the end of the archived WAL, with a base backup that has all WAL that it needs', async () => {
  const { metadata, wal } = await history();
  const { lastTransaction } = (await attempt('latest', `rm ${metadata.lastSegment}`)) as PointInTimeResult;
  expect(lastTransaction?.localeCompare(String(wal[1].metadata['until']))).toBe(1);
});

test.for([
  ['the archive is empty', 'rm 0*', 'wal-ends', () => ({})],
  ['the archive is empty and no WAL was restored', 'rm 0*', 'no-wal', () => ({ wal: [] })],
  ['the last artifact is not in the archive', 'rm "$(ls | tail -1)"', 'wal-ends', () => ({})],
  [
    'the WAL goes on after a promotion',
    'true',
    'other-timeline',
    ({ wal }) => ({ wal: wal.map((one) => ({ ...one, end: { ...one.end, timeline: 2 } })) }),
  ],
  [
    'the WAL is from another server',
    'true',
    'other-server',
    ({ wal }) => ({ wal: wal.map((one) => ({ ...one, server: '1' })) }),
  ],
] as const satisfies [string, string, string, (target: PointInTimeTarget) => Partial<PointInTimeTarget>][])(
  'refuses to end before the last position that was backed up: %s',
  async ([, damage, code, change]) => {
    expect(await attempt('latest', damage, change)).toMatchObject(finding(code));
  },
);

test('recovers to the end of an archive that was not lost, without an artifact of it', async () => {
  const { wal } = await history();
  const { end } = (await attempt('latest', 'true', () => ({ wal: [] }))) as PointInTimeResult;
  expect(end.timeline).toBe(1);
  expect(reachesLsn(end.lsn, walPosition.parse(wal[1].metadata['end']).lsn)).toBe(true);
});

test('recovers with WAL that is archived into a directory of the volume', async () => {
  const { base, wal } = await history();
  const target = server.volume('deep-archive');
  const restored: RestoredWal[] = [];
  for (const artifact of wal) {
    const metadata = { ...artifact.metadata, path: 'wal/main' };
    restored.push(await postgresWalArchive().restore({ ...artifact, metadata }, target));
  }
  const { lastTransaction } = await postgresPointInTime().restore(base, {
    ...server.volume('deep-data'),
    archive: target.name,
    wal: restored,
    to: 'latest',
  });
  expect(lastTransaction?.localeCompare(String(wal[1].metadata['until']))).toBe(1);
  await target.node.exec(['docker', 'volume', 'rm', 'deep-data', target.name]);
});

test('refuses a base backup whose metadata claims a later end than it has', async () => {
  const { base, metadata } = await history();
  const claims = { ...metadata, end: { ...metadata.end, lsn: 'FF/0' } };
  const volume = server.volume('claimed');
  expect(await failureOf(postgresBaseBackup().restore({ ...base, metadata: claims }, volume))).toMatchObject(
    finding('base-incomplete'),
  );
  expect(await filesIn(volume)).toBe('');
});

test.for([
  ['more files', { files: 1000 }],
  ['a later end', { end: { timeline: 1, lsn: 'FF/0' } }],
] as const)('refuses archived WAL whose metadata claims %s than it has', async ([, claims]) => {
  const [first] = (await history()).wal;
  const artifact = { ...first, metadata: { ...first.metadata, ...claims } };
  expect(await failureOf(postgresWalArchive().restore(artifact, server.volume('claimed')))).toMatchObject(
    finding('wal-incomplete'),
  );
  expect(await filesIn(server.volume('claimed'))).toBe('');
});

test('reports a failing archive_command with the log of the server', async () => {
  const archive = server.volume('pg_archive');
  await runInVolume(archive, 'chown 0:0 .');
  try {
    expect(await failureOf(backUp(postgresWalArchive(), server.archive))).toMatchObject({
      ...finding('not-archived'),
      output: expect.stringContaining('cp: cannot create regular file'),
      message: expect.stringMatching(/archive_command failed \d+ times for 0000000/),
    });
  } finally {
    await runInVolume(archive, 'chown 999:999 .');
  }
});

test('refuses a server that does not archive', async () => {
  await server.update('--args', 'postgres -c archive_mode=off');
  expect(await failureOf(backUp(postgresWalArchive(), server.archive))).toMatchObject(
    finding('archiving-off'),
  );
});
