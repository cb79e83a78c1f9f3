// The corpus of databases in test/fixtures/databases, backed up with every Postgres method from one server and compared as a whole.
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { compareDatabases } from '../../../src/check/postgres/compare.ts';
import { NOT_COMPARED } from '../../../src/check/postgres/not-compared.ts';
import { readDatabaseObjects } from '../../../src/check/postgres/catalog.ts';
import { differencesBetween } from '../../../src/check/inventory.ts';
import { postgresBaseBackup } from '../../../src/method/postgres/base-backup.ts';
import { postgresDump } from '../../../src/method/postgres/dump.ts';
import { postgresPointInTime } from '../../../src/method/postgres/point-in-time.ts';
import { postgresWalArchive } from '../../../src/method/postgres/wal-archive.ts';
import type { ArtifactReader, Method } from '../../../src/model/method.ts';
import { Scope } from '../../../src/support/scope.ts';
import { openArtifactStore } from '../../support/artifact-store.ts';
import { queryOf, readDatabase, type DatabaseContents } from '../../support/database-contents.ts';
import { PostgresServer } from '../../support/postgres-server.ts';

const CORPUS = join(import.meta.dirname, '../../fixtures/databases');

/** WAL is archived into a directory of its volume. */
const archivesBelow = (stack: string): string =>
  stack
    .replace('chown postgres /archive', 'mkdir -p /backup/wal && chown -R postgres /backup')
    .replace("'archive:/archive'", "'archive:/backup'")
    .replaceAll('/archive/', '/backup/wal/');

const scope = new Scope();
let server: PostgresServer;
let databases: readonly string[];
let before: Readonly<Record<string, DatabaseContents>>;
let dumps: readonly ArtifactReader[];
let base: ArtifactReader;
let emptyBase: ArtifactReader;
let wal: ArtifactReader;

async function backUp<S, T, R>(method: Method<S, T, R>, from: S): Promise<ArtifactReader> {
  const store = await openArtifactStore();
  scope.defer('remove the artifact', async () => store[Symbol.asyncDispose]());
  return store.reader(await method.backup(from, store.writer));
}

async function readAll(): Promise<Record<string, DatabaseContents>> {
  const all: Record<string, DatabaseContents> = {};
  for (const name of databases) all[name] = await readDatabase(server, name);
  return all;
}

beforeAll(async () => {
  server = await PostgresServer.start('corpus', { change: archivesBelow, archive: '/backup/wal' });
  emptyBase = await backUp(postgresPointInTime(), server.source());
  for (const file of (await readdir(CORPUS)).filter((name) => name.endsWith('.sql')).sort())
    await server.sql(await readFile(join(CORPUS, file), 'utf8'));
  databases = JSON.parse(
    await server.sql(
      `SELECT json_agg(datname) FROM pg_database WHERE datname NOT IN ('postgres', 'owner', 'template0', 'template1')`,
    ),
  ) as string[];
  before = await readAll();
  dumps = [];
  for (const name of databases) dumps = [...dumps, await backUp(postgresDump(), server.source(name))];
  base = await backUp(postgresBaseBackup(), server.source());
  wal = await backUp(postgresWalArchive(), server.archive);
});
afterAll(async () => {
  await scope[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

/** By database: what is not as it was. */
async function differences(): Promise<Record<string, readonly string[]>> {
  const now = await readAll();
  const found = databases.map((name) => {
    const [was, is] = [before[name], now[name]] as [DatabaseContents, DatabaseContents];
    const { schema, grants } = compareDatabases(was.objects, is.objects);
    return [name, [...schema, ...grants, ...differencesBetween('rows', was.rows, is.rows)]] as const;
  });
  return Object.fromEntries(found.filter(([, all]) => all.length > 0));
}

test('reads every catalog of the server, except those that it names', async () => {
  expect(databases.length).toBeGreaterThanOrEqual(8);
  expect(await differences()).toEqual({});
  const names = await server.sql(
    `SELECT string_agg(relname, ' ') FROM pg_class WHERE relnamespace = 'pg_catalog'::regnamespace AND relkind = 'r'`,
  );
  const seen = new Set(
    Object.values(before).flatMap(({ objects: { schema, grants } }) =>
      [...Object.keys(schema), ...Object.keys(grants)].map((name) => name.split(' ')[0]),
    ),
  );
  const unseen = names.split(' ').filter((name) => !seen.has(name) && !(name in NOT_COMPARED));
  // Nothing in the corpus makes a row in these.
  expect(unseen.sort()).toEqual([
    'pg_am',
    'pg_conversion',
    'pg_foreign_data_wrapper',
    'pg_language',
    'pg_parameter_acl',
    'pg_seclabel',
    'pg_shseclabel',
    'pg_transform',
    'pg_ts_parser',
    'pg_ts_template',
  ]);
});

test.for([
  ['access', 'ALTER FUNCTION guarded.peek() SECURITY INVOKER', /pg_proc guarded\.peek\(\)\.prosecdef/],
  ['access', 'GRANT CREATE ON DATABASE access TO access_clerk', /pg_database access\.datacl/],
  [
    'access',
    'GRANT EXECUTE ON FUNCTION pg_sleep(float8) TO PUBLIC',
    /pg_proc pg_sleep\(double precision\)\.proacl/,
  ],
  [
    'access',
    'ALTER POLICY mine ON guarded.papers TO access_chief',
    /pg_policy guarded\.papers mine\.polroles/,
  ],
  [
    'access',
    'REVOKE SELECT (id) ON guarded.papers FROM access_clerk',
    /pg_attribute guarded\.papers id\.attacl/,
  ],
  ['access', 'ALTER ROLE access_clerk NOBYPASSRLS', /pg_authid access_clerk\.rolbypassrls/],
  ['access', `ALTER ROLE access_clerk PASSWORD 'other'`, /pg_authid access_clerk\.rolpassword/],
  ['access', 'ALTER TABLE guarded.papers NO FORCE ROW LEVEL SECURITY', /relforcerowsecurity/],
  ['access', 'ALTER SCHEMA guarded OWNER TO access_group', /pg_namespace guarded\.nspowner/],
  [
    'access',
    'REVOKE access_group FROM access_clerk',
    /pg_auth_members access_group access_clerk.* is missing/,
  ],
  ['settings', 'COMMENT ON DATABASE settings IS NULL', /pg_shdescription database settings.* is missing/],
  ['settings', `ALTER DATABASE settings SET work_mem TO '9MB'`, /pg_db_role_setting settings\.setconfig/],
  ['settings', 'ALTER DATABASE settings CONNECTION LIMIT 5', /pg_database settings\.datconnlimit/],
  ['objects', 'ALTER TABLE store.items SET (fillfactor = 80)', /pg_class store\.items\.reloptions/],
  [
    'objects',
    'DROP INDEX store.items_lower; CREATE UNIQUE INDEX items_lower ON store.items (lower(name)) INCLUDE (price) WHERE price > 5',
    /pg_index store\.items_lower\.indoption/,
  ],
  [
    'objects',
    'DROP INDEX store.parent_both; CREATE INDEX parent_both ON store.parent (note, id)',
    /pg_index store\.parent_both\.indkey/,
  ],
  ['objects', 'DROP RULE no_delete ON store.parent', /pg_rewrite store\.parent no_delete is missing/],
  [
    'objects',
    `ALTER DOMAIN store.positive DROP CONSTRAINT above_zero`,
    /pg_constraint store\.positive above_zero is missing/,
  ],
  ['objects', `ALTER TYPE store.mood RENAME VALUE 'ok' TO 'fair'`, /pg_enum store\.mood ok is missing/],
  ['objects', 'ALTER EVENT TRIGGER log_ddl DISABLE', /pg_event_trigger log_ddl\.evtenabled/],
  ['objects', 'ALTER PUBLICATION some_rows SET (publish = truncate)', /pg_publication some_rows\.pubdelete/],
  ['objects', 'ALTER SEQUENCE store.counts NO CYCLE', /pg_sequence store\.counts\.seqcycle/],
  ['objects', 'ALTER TABLE store.off DISABLE TRIGGER ALL', /pg_trigger store\.off RI_ConstraintTrigger_c/],
  [
    'objects',
    `ALTER TABLE store.items ALTER COLUMN name SET DEFAULT 'other'`,
    /pg_attrdef store\.items name\.adbin/,
  ],
  [
    'objects',
    'CREATE OR REPLACE FUNCTION store.double(n int) RETURNS int LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT AS $$SELECT n + n$$',
    /store\.double\(integer\)\.prosrc/,
  ],
  ['objects', 'ALTER OPERATOR store.<+> (int, int) OWNER TO pg_monitor', /pg_operator store\.<\+>.*oprowner/],
  ['extensions', 'ALTER EXTENSION hstore SET SCHEMA public', /pg_extension hstore\.extnamespace/],
  [
    'extensions',
    `ALTER SERVER elsewhere OPTIONS (SET host 'other')`,
    /pg_foreign_server elsewhere\.srvoptions/,
  ],
  ['large_objects', 'ALTER LARGE OBJECT 70003 OWNER TO large_reader', /pg_largeobject_metadata .*lomowner/],
] as const)('sees in the database %s: %s', async ([database, change, sees]) => {
  const was = before[database] as DatabaseContents;
  const now = await readDatabaseObjects(
    queryOf(
      server,
      database,
      `SET default_transaction_read_only = off; SET TRANSACTION READ WRITE; ${change}`,
    ),
  );
  const { schema, grants } = compareDatabases(was.objects, now);
  expect([...schema, ...grants].join('\n')).toMatch(sees);
});

test('restores every database from its dump into a fresh server', async () => {
  await server.lose('pg_data', 'pg_archive');
  await server.deploy();
  for (const [index, name] of databases.entries())
    await postgresDump().restore(dumps[index] as ArtifactReader, server.source(name));
  expect(await differences()).toEqual({});
});

/** What a recovery can't keep: unlogged tables are emptied. A sequence may skip up to 32 values that were logged ahead. */
async function expectRecovered(): Promise<void> {
  await server.deploy();
  const { objects = [], ...others } = await differences();
  const isSequence = (difference: string): boolean =>
    /^rows: .*: was "-?\d+[tf]", is "-?\d+[tf]"$/.test(difference);
  expect(objects.filter((difference) => !isSequence(difference))).toEqual([
    expect.stringMatching(/^rows: store\.cache: was "3 rows .*", is "0 rows/),
  ]);
  expect(
    Object.values(others)
      .flat()
      .filter((difference) => !isSequence(difference)),
  ).toEqual([]);
}

test('restores the server from a base backup', async () => {
  await server.lose('pg_data', 'pg_archive');
  await postgresBaseBackup().restore(base, server.volume('pg_data'));
  await expectRecovered();
});

test('recovers the server from the WAL of everything that was created since an empty base backup', async () => {
  await server.lose('pg_data', 'pg_archive');
  const restored = await postgresWalArchive().restore(wal, server.volume('pg_archive'));
  expect(restored.path).toBe('wal');
  const target = { ...server.volume('pg_data'), archive: 'pg_archive', wal: [restored], to: 'latest' };
  await postgresPointInTime().restore(emptyBase, target);
  await expectRecovered();
});
