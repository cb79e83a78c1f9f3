// Restores of Postgres that are refused, or fail half-way: nothing is left that a server could start on.
import { expect, test } from 'vitest';
import { find, type Program, type Programs } from '../../../support/in-memory-engine.ts';
import { createInMemorySwarm, InMemoryArtifact } from '../../../support/in-memory-swarm.ts';
import { failureOf, finding } from '../../../support/method-lab.ts';
import type { BaseBackupMetadata } from '../../../../src/method/postgres/base-backup.ts';
import { postgresBaseBackup } from '../../../../src/method/postgres/base-backup.ts';
import { postgresPointInTime } from '../../../../src/method/postgres/point-in-time.ts';
import { postgresWalArchive } from '../../../../src/method/postgres/wal-archive.ts';

const METADATA: BaseBackupMetadata = {
  image: 'server',
  volume: 'data',
  labels: {},
  path: '',
  owner: '999:999',
  mode: '700',
  user: 'owner',
  ended: '2026-11-23T02:15:07.123456Z',
  lastSegment: '000000010000000000000002',
  segmentBytes: 2 ** 20,
  end: { timeline: 1, lsn: '0/200120' },
  server: '7123',
  version: '17.0',
};

/** The unpacking shell: writes one file, then ends with this exit code. */
const unpack =
  (exitCode: number): Program =>
  ({ mounts }) => {
    mounts.get('/volume')?.set('PG_VERSION', Buffer.from('17'));
    return { exitCode, stderr: exitCode === 0 ? '' : 'tar: Unexpected EOF in archive' };
  };
/** The end of a manifest. */
const tail: Program = () => ({
  stdout: '"WAL-Ranges": [\n{ "Timeline": 1, "Start-LSN": "0/200028", "End-LSN": "0/200120" }\n],\n',
});
const verify =
  (exitCode: number): Program =>
  ({ mounts }) => {
    expect([...(mounts.get('/volume')?.keys() ?? [])]).toEqual(['PG_VERSION']);
    return { exitCode, stderr: exitCode === 0 ? '' : 'pg_verifybackup: error: checksum mismatch' };
  };

function restoreBase(programs: Programs, metadata = METADATA) {
  const lab = createInMemorySwarm(programs);
  const artifact = new InMemoryArtifact().reader(metadata);
  return { ...lab, restored: postgresBaseBackup().restore(artifact, lab.volume('data')) };
}

test('keeps what pg_verifybackup accepts', async () => {
  const { restored, filesOf } = restoreBase({ sh: unpack(0), pg_verifybackup: verify(0), tail });
  await restored;
  expect([...(filesOf('data')?.keys() ?? [])]).toEqual(['PG_VERSION']);
});

test.for([
  { timeline: 1, lsn: '0/200121' },
  { timeline: 2, lsn: '0/200120' },
])('empties the volume when the WAL of the copy does not end at $lsn on timeline $timeline', async (end) => {
  const programs = { sh: unpack(0), pg_verifybackup: verify(0), tail };
  const { restored, filesOf } = restoreBase(programs, { ...METADATA, end });
  expect(await failureOf(restored)).toMatchObject({
    ...finding('base-incomplete'),
    message: expect.stringContaining('got 0/200120 on timeline 1'),
  });
  expect(filesOf('data')?.size).toBe(0);
});

test('empties the volume when pg_verifybackup refuses it', async () => {
  const { restored, filesOf } = restoreBase({ sh: unpack(0), pg_verifybackup: verify(1) });
  expect(await failureOf(restored)).toMatchObject({
    ...finding('base-damaged'),
    output: expect.stringContaining('checksum mismatch'),
  });
  expect(filesOf('data')?.size).toBe(0);
});

test('empties the volume when the tar is truncated', async () => {
  const { restored, filesOf } = restoreBase({ sh: unpack(2) });
  expect(await failureOf(restored)).toMatchObject(finding('tar-failed'));
  expect(filesOf('data')?.size).toBe(0);
});

test('does not change a volume that is not empty', async () => {
  const { volume, engine, filesOf } = createInMemorySwarm();
  engine.fill('data', { precious: 'rows' });
  const artifact = new InMemoryArtifact().reader(METADATA);
  expect(await failureOf(postgresBaseBackup().restore(artifact, volume('data')))).toMatchObject(
    finding('volume-not-empty'),
  );
  expect(String(filesOf('data')?.get('precious'))).toBe('rows');
});

test.for([
  ['a missing archive volume', 'latest', finding('no-volume')],
  ['a time before the base backup', '2026-11-23T02:15:07Z', finding('target-before-base')],
  ['a time without a zone', '2026-11-23 02:15', { blame: 'usage' }],
] as const)('refuses %s, and creates no volume', async ([, to, expected]) => {
  const { volume, engine } = createInMemorySwarm();
  const target = { ...volume('data'), archive: 'nowhere', wal: [], to };
  const restore = postgresPointInTime().restore(new InMemoryArtifact().reader(METADATA), target);
  expect(await failureOf(restore)).toMatchObject(expected);
  expect(await engine.volumes.list()).toEqual([]);
});

test('refuses to back up WAL from a directory that is not on a volume', async () => {
  const { swarm, startService } = createInMemorySwarm();
  await startService('db', 'data');
  const source = { swarm, service: 'db', user: 'owner', database: 'postgres', archive: '/tmp' };
  const backup = postgresWalArchive().backup(source, new InMemoryArtifact().writer);
  expect(await failureOf(backup)).toMatchObject(finding('no-volume'));
});

/** Recovers to the end of one archived segment. @param replayed what the recovered server reports */
function recover(replayed: string, end = { timeline: 1, lsn: '0/300100' }) {
  const segment = '000000010000000000000003';
  const lab = createInMemorySwarm({
    sh: unpack(0),
    pg_verifybackup: verify(0),
    tail,
    find: (call) => (call.argv[1] === '/volume/wal' ? { stdout: `${segment}\n` } : find(call)),
    pg_waldump: () => ({}),
    psql: () => ({ stdout: replayed }),
  });
  lab.engine.fill('archive', { [`wal/${segment}`]: '' });
  const wal = [{ volume: 'archive', path: 'wal', end, server: METADATA.server }];
  const target = { ...lab.volume('data'), archive: 'archive', wal, to: 'latest' };
  return { ...lab, restored: postgresPointInTime().restore(new InMemoryArtifact().reader(METADATA), target) };
}

test('accepts a recovery that replayed the last position that was backed up', async () => {
  const { restored } = recover('0/400000|');
  expect(await restored).toEqual({ lastTransaction: undefined, end: { timeline: 1, lsn: '0/400000' } });
});

test('refuses a recovery that stopped before the last position, and empties the volume', async () => {
  const { restored, filesOf } = recover('0/3000FF|');
  expect(await failureOf(restored)).toMatchObject({
    ...finding('other-position'),
    message: expect.stringContaining('expected 0/300100 on timeline 1, got 0/3000FF'),
  });
  expect(filesOf('data')?.size).toBe(0);
});

test.for([
  ['wal-ends', { timeline: 1, lsn: '0/400001' }],
  ['other-timeline', { timeline: 2, lsn: '0/300100' }],
] as const)('refuses with %s before it creates a volume', async ([code, end]) => {
  const { restored, filesOf } = recover('', end);
  expect(await failureOf(restored)).toMatchObject(finding(code));
  expect(filesOf('data')).toBeUndefined();
});
