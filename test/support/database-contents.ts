// Everything in a database of a test server, through psql: the objects of the catalog, and a hash of the rows of every table.
import { readDatabaseObjects, type DatabaseObjects } from '../../src/check/postgres/catalog.ts';
import { STABLE_SESSION, type SqlQuery } from '../../src/check/postgres/session.ts';
import type { Objects } from '../../src/swarm/inventory.ts';
import type { PostgresServer } from './postgres-server.ts';

export interface DatabaseContents {
  readonly objects: DatabaseObjects;
  /** Number and hash of the rows of each table, the value of each sequence, the hash of each large object. */
  readonly rows: Objects;
}

/** @param change SQL that is undone after each statement */
export const queryOf =
  (server: PostgresServer, database: string, change = ''): SqlQuery =>
  async <Row>(sql: string) => {
    const output = await server.sql(
      `BEGIN; ${change};\n${STABLE_SESSION} \\g /dev/null\nSELECT coalesce(json_agg(q), '[]') FROM (${sql}) AS q;\nROLLBACK;`,
      database,
    );
    return JSON.parse(output.slice(output.indexOf('['))) as Row[];
  };

const ROWS = `${STABLE_SESSION} \\g /dev/null
  SELECT format('SELECT json_build_array(%1$L::text, concat(count(*), %2$L, md5(bit_xor((%3$L || md5(t::text))::bit(128))::text))) FROM ONLY %1$s t', c.oid::regclass, ' rows ', 'x')
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'm') AND c.relispopulated AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' ORDER BY 1 \\gexec
  SELECT format('SELECT json_build_array(%1$L::text, concat(last_value, is_called)) FROM %1$s', oid::regclass) FROM pg_class WHERE relkind = 'S' ORDER BY 1 \\gexec
  SELECT json_build_array('large object ' || oid, md5(lo_get(oid))) FROM pg_largeobject_metadata ORDER BY oid;`;

export async function readDatabase(server: PostgresServer, database: string): Promise<DatabaseContents> {
  const objects = await readDatabaseObjects(queryOf(server, database));
  const lines = (await server.sql(ROWS, database)).split('\n').filter(Boolean);
  return { objects, rows: Object.fromEntries(lines.map((line) => JSON.parse(line) as [string, unknown])) };
}
