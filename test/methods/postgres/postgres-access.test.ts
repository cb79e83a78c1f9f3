// A server that is unlike the usual one: another port, a password on its socket, another superuser, and a system user that is not called
// postgres.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { postgresBaseBackup } from '../../../src/method/postgres/base-backup.ts';
import { postgresDump } from '../../../src/method/postgres/dump.ts';
import { postgresPointInTime } from '../../../src/method/postgres/point-in-time.ts';
import { postgresWalArchive } from '../../../src/method/postgres/wal-archive.ts';
import { monotonic } from '../../../src/support/clock.ts';
import { openArtifactStore } from '../../support/artifact-store.ts';
import { failureOf, finding } from '../../support/method-lab.ts';
import { PostgresServer } from '../../support/postgres-server.ts';

const START = `sed -i 's/^postgres:x:999:/dbadmin:x:1001:/' /etc/passwd && sed -i 's/^postgres:x:999:/dbadmin:x:1001:/' /etc/group &&
  sed -i 's/dbadmin:x:1001:999:/dbadmin:x:1001:1001:/' /etc/passwd && mkdir -p "$$PGDATA" /var/run/postgresql /archive &&
  chown -R dbadmin:dbadmin "$$PGDATA" /var/run/postgresql /archive && chmod 700 "$$PGDATA" &&
  exec setpriv --reuid=1001 --regid=1001 --clear-groups docker-entrypoint.sh "$$@"`;

const unusual = (stack: string): string =>
  stack
    .replace('chown postgres /archive && exec docker-entrypoint.sh "$$@"', () =>
      START.replaceAll("'", "''").replaceAll('\n', ' '),
    )
    .replace('      - archive_mode=on', '      - archive_mode=on\n      - -c\n      - port=5433')
    .replace('POSTGRES_USER: owner', 'POSTGRES_USER: chief, POSTGRES_DB: postgres')
    .replace('--data-checksums', '--data-checksums --auth-local=scram-sha-256')
    .replace('pg_isready, -U, owner', `pg_isready, -p, '5433', -U, chief`);

let server: PostgresServer;

beforeAll(async () => {
  server = await PostgresServer.start('access', {
    change: unusual,
    superuser: 'chief',
    systemUser: '1001:1001',
    env: ['PGPORT=5433', 'PGPASSWORD=only-here'],
  });
  // A base backup takes this along, and the port is then that of the recovery, too.
  await server.sql('ALTER SYSTEM SET port = 5433; ALTER SYSTEM SET logging_collector = on');
  await server.sql('CREATE TABLE marks AS SELECT 1 AS id');
});
afterAll(() => server[Symbol.asyncDispose]());

test('dumps and restores a database', async () => {
  await using store = await openArtifactStore();
  const metadata = await postgresDump().backup(server.source(), store.writer);
  expect(JSON.stringify(metadata)).not.toContain('only-here');
  await server.createDatabase('fresh');
  await postgresDump().restore(store.reader(metadata), server.source('fresh'));
  expect(await server.sql('SELECT count(*) FROM marks', 'fresh')).toBe('1');
});

test('copies the server, and recovers it', async () => {
  await using store = await openArtifactStore();
  await using log = await openArtifactStore();
  const base = store.reader(await postgresPointInTime().backup(server.source(), store.writer));
  expect(base.metadata).toMatchObject({ user: 'chief', owner: '1001:1001' });
  await server.sql('INSERT INTO marks VALUES (2)');
  const wal = log.reader(await postgresWalArchive().backup(server.archive, log.writer));
  await postgresBaseBackup().restore(base, server.volume('copy'));
  await server.lose('pg_data', 'pg_archive');
  const restored = await postgresWalArchive().restore(wal, server.volume('pg_archive'));
  const target = { ...server.volume('pg_data'), archive: 'pg_archive', wal: [restored], to: 'latest' };
  await postgresPointInTime().restore(base, target);
  await server.deploy();
  expect(await server.sql('SELECT count(*) FROM marks')).toBe('2');
});

test.for([
  [
    'the password is wrong',
    { passwordFile: '/etc/hostname' },
    'password authentication failed for user "chief"',
  ],
  ['the superuser is another', { user: 'owner' }, 'password authentication failed for user "owner"'],
] as const)('refuses at once when %s', async ([, change, reason]) => {
  await using store = await openArtifactStore();
  const began = monotonic();
  expect(
    await failureOf(postgresDump().backup({ ...server.source(), ...change }, store.writer)),
  ).toMatchObject({ ...finding('no-access'), message: expect.stringContaining(reason) });
  expect(monotonic() - began).toBeLessThan(10);
});
