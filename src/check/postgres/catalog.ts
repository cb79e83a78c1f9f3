// Everything that a database's system catalogs know about the objects of its users, as plain values. The statement is generated from the
// catalogs themselves: everything is compared that not-compared.ts does not list, in every version of Postgres.
import type { Objects } from '../../swarm/inventory.ts';
import { NAME_TYPES, type Catalog, type Column, type ForeignKey } from './catalog-columns.ts';
import { FIRST_USER_OBJECT, selectRows } from './catalog-rows.ts';
import { NOT_COMPARED } from './not-compared.ts';
import { STABLE_SESSION, type SqlQuery } from './session.ts';

/** The objects of a database: each is in both parts, if it has an owner or privileges. */
export interface DatabaseObjects {
  /** Definitions: tables, functions, types, policies, publications, comments, settings of the database … */
  readonly schema: Objects;
  /** Roles, memberships, settings of roles, owners and privileges. */
  readonly grants: Objects;
}

/** Reads all objects. Needs Postgres 14 and a superuser. Changes the settings of the session. */
export async function readDatabaseObjects(query: SqlQuery): Promise<DatabaseObjects> {
  await query(STABLE_SESSION);
  const catalogs = await readCatalogs(query);
  const rows = await query<CatalogRow>(catalogs.map(selectRows).join('\nUNION ALL '));
  const [schema, grants] = [new Map<string, unknown>(), new Map<string, unknown>()];
  for (const { catalog, key, definition, access } of rows) {
    if (key.some((part) => part !== null && OWN_SCHEMAS.test(part))) continue;
    const name = [catalog, ...key.filter((part) => part !== null)].join(' ');
    if (Object.keys(definition).length > 0) add(schema, name, definition);
    if (Object.keys(access).length > 0) add(grants, name, access);
  }
  return { schema: Object.fromEntries(schema), grants: Object.fromEntries(grants) };
}

interface CatalogRow {
  readonly catalog: string;
  readonly key: readonly (string | null)[];
  readonly definition: Readonly<Record<string, unknown>>;
  readonly access: Readonly<Record<string, unknown>>;
}

/** Tables for large values, whose names are numbers; temporary ones; and views of the server. */
const OWN_SCHEMAS = /^(pg_(toast|temp_\d+|toast_temp_\d+)\b|information_schema\.)/;

/** Rows without a name that is unique, such as the triggers of foreign keys, are compared as a list. */
function add(objects: Map<string, unknown>, name: string, value: Readonly<Record<string, unknown>>): void {
  const text = JSON.stringify(value);
  const known = objects.get(name);
  objects.set(name, known === undefined ? value : [...toTexts(known), text].sort());
}

const toTexts = (known: unknown): readonly unknown[] =>
  Array.isArray(known) ? known : [JSON.stringify(known)];

interface CatalogFacts {
  readonly name: string;
  readonly shared: boolean;
  readonly columns: readonly Column[];
  readonly keys: readonly (readonly string[])[];
  readonly references: readonly ForeignKey[];
}

async function readCatalogs(query: SqlQuery): Promise<Catalog[]> {
  const facts = await query<CatalogFacts>(`
    SELECT c.relname::text AS name, c.relisshared AS shared,
      (SELECT json_agg(json_build_object('name', attname, 'type', format_type(atttypid, -1)) ORDER BY attnum)
         FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped) AS columns,
      (SELECT coalesce(json_agg(names ORDER BY named DESC, isprimary DESC), '[]') FROM (
         SELECT json_agg(a.attname ORDER BY k.n) AS names, bool_or(a.atttypid = 'name'::regtype) AS named, i.indisprimary AS isprimary
           FROM pg_index i, unnest(i.indkey::int2[]) WITH ORDINALITY AS k (attnum, n), pg_attribute a
           WHERE i.indrelid = c.oid AND i.indisunique AND a.attrelid = c.oid AND a.attnum = k.attnum
           GROUP BY i.indexrelid, i.indisprimary HAVING bool_and(a.attname <> 'oid')) AS u) AS keys,
      (SELECT coalesce(json_agg(json_build_object('columns', f.fkcols, 'catalog', f.pktable::text, 'isArray', f.is_array)), '[]')
         FROM pg_get_catalog_foreign_keys() f WHERE f.fktable = c.oid) AS references
    FROM pg_class c WHERE c.relnamespace = 'pg_catalog'::regnamespace AND c.relkind = 'r' AND c.oid < ${FIRST_USER_OBJECT}
    ORDER BY c.relname`);
  return facts
    .filter(({ name }) => !(name in NOT_COMPARED))
    .map(({ name, shared, columns, keys: [natural], references }) => {
      const hasNumber = columns.some((column) => column.name === 'oid');
      const isNamed = name in NAME_TYPES || (hasNumber && natural === undefined);
      const named = isNamed ? ['oid'] : (natural ?? columns.map((column) => column.name));
      const key = named.filter((column) => !(`${name}.${column}` in NOT_COMPARED));
      return { name, isShared: shared, columns, foreignKeys: references, key };
    });
}
