// A database itself, which pg_dump leaves out when it restores into one that exists: its encoding and locale, which are fixed when it is
// created, and its owner, privileges, comment and settings.
import { quoteIdentifier, quoteLiteral } from '../../support/sql.ts';
import { z } from 'zod';
import { finding } from '../../support/errors.ts';
import { runDumpClient } from './dump-client.ts';
import { connectionTo, type PostgresServer } from './server.ts';
import { selectRow } from './service.ts';
import type { Snapshot } from './snapshot.ts';

/** What can't be changed later. */
export const databaseLocale = z.object({
  encoding: z.string(),
  collate: z.string(),
  ctype: z.string(),
  /** `c` libc, `i` ICU, `b` builtin. */
  provider: z.string(),
  locale: z.string(),
  rules: z.string(),
});
export type DatabaseLocale = z.infer<typeof databaseLocale>;

/** Columns have other names, or are missing, in other versions. */
const localeOf = (database: string): string => `
  SELECT json_build_object('encoding', pg_encoding_to_char((d ->> 'encoding')::int), 'collate', d ->> 'datcollate', 'ctype', d ->> 'datctype',
    'provider', coalesce(d ->> 'datlocprovider', 'c'), 'locale', coalesce(d ->> 'datlocale', d ->> 'daticulocale', ''),
    'rules', coalesce(d ->> 'daticurules', ''))
  FROM (SELECT to_jsonb(t) AS d FROM pg_catalog.pg_database t WHERE datname = ${database}) AS one`;

export const readLocale = async ({ query }: Snapshot): Promise<DatabaseLocale | undefined> =>
  (await query<DatabaseLocale>(`${localeOf('current_database()')};`))[0];

function createDatabase(
  name: string,
  { encoding, collate, ctype, provider, locale, rules }: DatabaseLocale,
): string {
  const options = {
    TEMPLATE: 'template0',
    ENCODING: quoteLiteral(encoding),
    LC_COLLATE: quoteLiteral(collate),
    LC_CTYPE: quoteLiteral(ctype),
    ...(provider === 'i' && { LOCALE_PROVIDER: 'icu', ICU_LOCALE: quoteLiteral(locale) }),
    ...(provider === 'i' && rules && { ICU_RULES: quoteLiteral(rules) }),
    ...(provider === 'b' && { LOCALE_PROVIDER: 'builtin', BUILTIN_LOCALE: quoteLiteral(locale) }),
    ...(provider === 'c' && locale !== '' && { LOCALE_PROVIDER: 'libc' }),
  };
  const words = Object.entries(options).map(([option, value]) => `${option} ${value}`);
  return `CREATE DATABASE ${quoteIdentifier(name)} ${words.join(' ')};`;
}

/** Lower numbers are objects of the server itself. */
export const FIRST_USER_OBJECT = 16384;

/** Returns the number of tables, views, indexes and sequences that users created. */
export async function countRelations(server: PostgresServer): Promise<number> {
  const from = `pg_catalog.pg_class WHERE oid >= ${FIRST_USER_OBJECT}`;
  const { database } = server.service;
  return Number((await selectRow(server, { relations: 'count(*)' }, { from, database })).relations);
}

/**
 * Creates the database with this locale, if there is none or an empty one with another locale.
 * @throws DrillError `other-locale` for one that is not empty
 */
export async function createWithLocale(server: PostgresServer, locale: DatabaseLocale): Promise<void> {
  const { database } = server.service;
  const found = await runPsql(server, `${localeOf(quoteLiteral(database))};`);
  const create = createDatabase(database, locale);
  if (found.trim() === '') {
    await runPsql(server, create);
    return;
  }
  const now = databaseLocale.parse(JSON.parse(found));
  const differences = Object.entries(locale).filter(
    ([name, value]) => now[name as keyof DatabaseLocale] !== value,
  );
  if (differences.length === 0) return;
  if ((await countRelations(server)) > 0) {
    const [[name, value] = ['', '']] = differences;
    throw finding(
      `database ${database}: is not empty and has another locale (expected ${name} "${value}", got "${now[name as keyof DatabaseLocale]}")`,
      {
        code: 'other-locale',
        node: server.task.node.name,
        hint: `Drop the database, and restore again: it is created with the locale of the dump.`,
      },
    );
  }
  await runPsql(server, `DROP DATABASE ${quoteIdentifier(database)} WITH (FORCE);\n${create}`);
}

/** Runs SQL outside of the database. */
async function runPsql(server: PostgresServer, input: string): Promise<string> {
  const { database } = server.service;
  const elsewhere = database === server.maintenance ? 'template1' : server.maintenance;
  const argv = [
    'psql',
    '-XAtqw',
    '-v',
    'ON_ERROR_STOP=1',
    '-v',
    `database=${database}`,
    '-d',
    connectionTo(elsewhere),
  ];
  return String(await runDumpClient(server, argv, { input }));
}

/** Settings whose value is a list of names: `TO` takes the list as it is stored, not as one text. As in pg_dump. */
const LISTS = `('local_preload_libraries', 'search_path', 'session_preload_libraries', 'shared_preload_libraries', 'temp_tablespaces', 'unix_socket_directories')`;

/** Statements for psql, with the name of the database as a variable: a dump may be restored under another name. In their order. */
const PROPERTIES = `
  WITH d AS (SELECT * FROM pg_catalog.pg_database WHERE datname = current_database()),
  own AS (
    SELECT s.setrole, split_part(c, '=', 1) AS name, substr(c, strpos(c, '=') + 1) AS value
    FROM pg_catalog.pg_db_role_setting s, d, unnest(s.setconfig) AS c WHERE s.setdatabase = d.oid),
  granted AS (
    SELECT a.grantor, a.grantee, a.is_grantable, string_agg(a.privilege_type, ', ') AS privileges, min(a.n) AS n, a.grantor = d.datdba AS by_owner
    FROM d, aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) WITH ORDINALITY AS a (grantor, grantee, privilege_type, is_grantable, n)
    GROUP BY a.grantor, a.grantee, a.is_grantable, d.datdba)
  SELECT to_json(statement) FROM (
    SELECT 1 AS part, 0 AS n, format('ALTER DATABASE :"database" OWNER TO %I', pg_get_userbyid(datdba)) AS statement FROM d
    UNION ALL SELECT 2, 0, format('ALTER DATABASE :"database" CONNECTION LIMIT %s', datconnlimit) FROM d
    UNION ALL SELECT 2, 1, format('ALTER DATABASE :"database" IS_TEMPLATE %s', datistemplate::text) FROM d
    UNION ALL SELECT 3, 0, format('COMMENT ON DATABASE :"database" IS %L', shobj_description(oid, 'pg_database')) FROM d
    UNION ALL SELECT 4, n, format('SET SESSION AUTHORIZATION %I; GRANT %s ON DATABASE :"database" TO %s%s; RESET SESSION AUTHORIZATION',
      pg_get_userbyid(grantor), privileges, CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END, CASE WHEN is_grantable THEN ' WITH GRANT OPTION' END)
      FROM (SELECT *, row_number() OVER (ORDER BY by_owner DESC, n) FROM granted) AS g
    UNION ALL SELECT 5, row_number() OVER (ORDER BY setrole, name), format('ALTER %s SET %I TO %s',
      CASE setrole WHEN 0 THEN 'DATABASE :"database"' ELSE format('ROLE %I IN DATABASE :"database"', pg_get_userbyid(setrole)) END, name,
      CASE WHEN name IN ${LISTS} THEN regexp_replace(value, '^""$', '''''') ELSE quote_literal(value) END)
      FROM own
  ) AS statements ORDER BY part, n;`;

/** Returns a script for psql that gives a database the properties of this one. It may contain secrets: settings are free text. */
export const readProperties = async ({ query }: Snapshot): Promise<string> =>
  `${(await query<string>(PROPERTIES)).join(';\n')};\n`;

/** Removes the settings and privileges that the database has already. */
const RESET = `
  ALTER DATABASE :"database" RESET ALL;
  SELECT DISTINCT format('REVOKE ALL ON DATABASE %I FROM %s CASCADE', datname, CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END)
    FROM pg_catalog.pg_database, aclexplode(coalesce(datacl, acldefault('d', datdba))) WHERE datname = :'database' \\gexec
`;

/** Runs the script of `readProperties` for the database of `server`. */
export async function applyProperties(server: PostgresServer, script: string): Promise<void> {
  await runPsql(server, RESET + script);
}
