// Which rows of a system catalog are about objects of users, and how they are selected.
import { isOwner, NAME_TYPES, writeColumn, type Catalog, type Column } from './catalog-columns.ts';
import { NOT_COMPARED } from './not-compared.ts';

/** Catalogs of which every column is about who may do what. */
const GRANT_CATALOGS = new Set([
  'pg_authid',
  'pg_auth_members',
  'pg_db_role_setting',
  'pg_default_acl',
  'pg_parameter_acl',
]);

/** Objects with lower numbers are the server's, except the schema `public`. */
export const FIRST_USER_OBJECT = 16384;
const PUBLIC_SCHEMA = 2200;

/** Returns a statement with a row for each object: catalog, key, definition, and who may do what with it. */
export function selectRows(catalog: Catalog): string {
  const { name, columns, key } = catalog;
  const compared = columns.filter(
    (column) => column.name !== 'oid' && !(`${name}.${column.name}` in NOT_COMPARED),
  );
  const isAccess = (column: Column): boolean =>
    GRANT_CATALOGS.has(name) || column.type === 'aclitem[]' || isOwner(catalog)(column);
  const object = (part: readonly Column[]): string =>
    `jsonb_strip_nulls(jsonb_build_object(${part.map((column) => `'${column.name}', ${writeColumn(catalog, column)}`).join(', ')}))`;
  const keyColumns = key.map((column) =>
    column === 'oid'
      ? `t.oid::${NAME_TYPES[name] ?? 'oid'}::text`
      : `to_jsonb(${writeColumn(catalog, columns.find((one) => one.name === column) as Column)}) #>> '{}'`,
  );
  return `SELECT '${name}' AS catalog, ARRAY[${keyColumns.join(', ')}]::text[] AS key,
    ${object(compared.filter((column) => !isAccess(column)))} AS definition,
    ${object(compared.filter(isAccess))} AS access
    FROM pg_catalog.${name} t WHERE ${conditionOf(catalog)}`;
}

/** Which rows are about objects of users. */
function conditionOf(catalog: Catalog): string {
  const { name, isShared, columns, foreignKeys, key } = catalog;
  const special = CONDITIONS[name];
  if (special !== undefined) return special;
  if (isShared) return 'true';
  const has = (column: string): boolean => columns.some((one) => one.name === column);
  const [first = ''] = key;
  const [classId, oid] = has('oid')
    ? [`'${name}'::regclass`, 't.oid']
    : has('classoid')
      ? ['t.classoid', 't.objoid']
      : [
          `'${foreignKeys.find(({ columns: [one] }) => one === first)?.catalog ?? name}'::regclass`,
          `t.${first}`,
        ];
  const isUsers = `(${oid} >= ${FIRST_USER_OBJECT} OR ${oid} = ${PUBLIC_SCHEMA}) AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = ${classId} AND d.objid = ${oid} AND d.deptype = 'e')`;
  const privileges = columns.find(({ type }) => type === 'aclitem[]');
  const part = name === 'pg_attribute' ? 't.attnum' : '0';
  const isChanged =
    privileges && name !== 'pg_default_acl'
      ? ` OR t.${privileges.name} IS DISTINCT FROM (SELECT p.initprivs FROM pg_init_privs p WHERE p.classoid = ${classId} AND p.objoid = ${oid} AND p.objsubid = ${part})`
      : '';
  return `(${isUsers}${isChanged})${FURTHER[name] ?? ''}`;
}

const CONDITIONS: Readonly<Record<string, string>> = {
  // Other databases are not compared.
  pg_database: 't.datname = current_database()',
  pg_db_role_setting:
    't.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))',
  pg_shdescription: `t.classoid <> 'pg_database'::regclass OR t.objoid = (SELECT oid FROM pg_database WHERE datname = current_database())`,
  pg_subscription: 't.subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())',
  // Which column a sequence belongs to, and which extension an object depends on. The others follow from definitions.
  pg_depend: `t.objid >= ${FIRST_USER_OBJECT} AND (t.deptype = 'x' OR t.deptype = 'a' AND t.refobjsubid > 0 AND EXISTS (SELECT FROM pg_class c WHERE c.oid = t.objid AND t.classid = 'pg_class'::regclass AND c.relkind = 'S'))`,
};

const FURTHER: Readonly<Record<string, string>> = {
  // Columns of indexes follow from the index, those of sequences are always the same.
  pg_attribute: ` AND t.attnum > 0 AND NOT t.attisdropped AND (SELECT c.relkind FROM pg_class c WHERE c.oid = t.attrelid) NOT IN ('i', 'I', 'S', 't')`,
};
