// What a dump has: the rows of each table and the number of large objects, counted in the snapshot of the dump and again after a restore.
import { z } from 'zod';
import { finding } from '../../support/errors.ts';
import { runDumpClient } from './dump-client.ts';
import { connectionTo, type PostgresServer } from './server.ts';
import type { Snapshot } from './snapshot.ts';

export const dumpContents = z.object({
  /** Rows by the qualified name of the table. */
  tables: z.record(z.string(), z.int().nonnegative()),
  largeObjects: z.int().nonnegative(),
});
export type DumpContents = z.infer<typeof dumpContents>;

/** Each row is a JSON list: a table and its rows; no table, and the number of large objects. Rows of extensions are not dumped. */
const COUNT = `
  SELECT format('SELECT json_build_array(%L::text, count(*)) FROM ONLY %I.%I', format('%I.%I', n.nspname, c.relname), n.nspname, c.relname)
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
    ORDER BY 1 \\gexec
  SELECT json_build_array(NULL, count(*)) FROM pg_catalog.pg_largeobject_metadata;`;

type Count = readonly [table: string | null, rows: number];

const toContents = (counts: readonly Count[]): DumpContents => ({
  tables: Object.fromEntries(counts.filter(([table]) => table !== null)),
  largeObjects: counts.find(([table]) => table === null)?.[1] ?? 0,
});

export const countContents = async ({ query }: Snapshot): Promise<DumpContents> =>
  toContents(await query<Count>(COUNT));

/**
 * Compares what was restored with what the dump had. More rows are not an error: an application may write as soon as its table exists.
 * @throws DrillError `rows-missing`
 */
export async function requireContents(server: PostgresServer, expected: DumpContents): Promise<void> {
  const argv = ['psql', '-XAtqw', '-v', 'ON_ERROR_STOP=1', '-d', connectionTo(server.service.database)];
  const output = String(await runDumpClient(server, argv, { input: COUNT }));
  const now = toContents(
    output
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Count),
  );
  const missing = Object.entries(expected.tables)
    .filter(([table, rows]) => (now.tables[table] ?? -1) < rows)
    .map(([table, rows]) => `${table}: expected ${rows} rows, got ${now.tables[table] ?? 'no table'}`);
  if (now.largeObjects < expected.largeObjects)
    missing.push(`large objects: expected ${expected.largeObjects}, got ${now.largeObjects}`);
  if (missing.length === 0) return;
  throw finding(`database ${server.service.database}: fewer rows than were dumped (${missing[0]})`, {
    code: 'rows-missing',
    node: server.task.node.name,
    output: missing.join('\n'),
    hint: 'Restore into an empty database that no application uses, or restore another dump.',
  });
}
