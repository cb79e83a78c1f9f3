// How a column of a system catalog is written: numbers of objects as their names, expressions and privileges as SQL. Which column refers
// to what is read from the server (pg_get_catalog_foreign_keys), so columns of later versions are written correctly as well.
import { randomUUID } from 'node:crypto';

export interface Column {
  readonly name: string;
  readonly type: string;
}

/** Columns that refer to a row of another catalog. */
export interface ForeignKey {
  readonly columns: readonly string[];
  readonly catalog: string;
  readonly isArray: boolean;
}

export interface Catalog {
  readonly name: string;
  readonly isShared: boolean;
  readonly columns: readonly Column[];
  readonly foreignKeys: readonly ForeignKey[];
  /** Columns that identify a row by names instead of numbers. */
  readonly key: readonly string[];
}

/** Types whose text is the qualified name of an object, which is faster than `pg_identify_object`. */
export const NAME_TYPES: Readonly<Record<string, string>> = {
  pg_authid: 'regrole',
  pg_class: 'regclass',
  pg_collation: 'regcollation',
  pg_namespace: 'regnamespace',
  pg_operator: 'regoperator',
  pg_proc: 'regprocedure',
  pg_type: 'regtype',
};

/** For `acldefault`: the kind of object in each catalog that has privileges. */
const PRIVILEGE_KINDS: Readonly<Record<string, string>> = {
  pg_class: `CASE t.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char"`,
  pg_database: `'d'`,
  pg_foreign_data_wrapper: `'F'`,
  pg_foreign_server: `'S'`,
  pg_language: `'l'`,
  pg_largeobject_metadata: `'L'`,
  pg_namespace: `'n'`,
  pg_proc: `'f'`,
  pg_tablespace: `'t'`,
  pg_type: `'T'`,
};

/** A digest with this key can't be used to guess passwords from a report. */
const DIGEST_KEY = randomUUID();
const digest = (value: string): string => `md5('${DIGEST_KEY}' || (${value})::text)`;

const sorted = (list: string): string => `ARRAY(SELECT unnest(${list}) ORDER BY 1)`;

/** Columns that are not written by their type. */
const WRITTEN: Readonly<Record<string, string>> = {
  'pg_attribute.attnum':
    '(SELECT count(*) FROM pg_attribute a WHERE a.attrelid = t.attrelid AND a.attnum BETWEEN 1 AND t.attnum AND NOT a.attisdropped)',
  'pg_attribute.attoptions': `ARRAY(SELECT o FROM unnest(t.attoptions) AS o WHERE o !~ '^pg_attver=' ORDER BY 1)`,
  'pg_authid.rolpassword': digest('t.rolpassword'),
  'pg_constraint.conbin': 'pg_get_constraintdef(t.oid)',
  // Values that were added between others have fractions.
  'pg_enum.enumsortorder':
    '(SELECT count(*) FROM pg_enum e WHERE e.enumtypid = t.enumtypid AND e.enumsortorder <= t.enumsortorder)',
  'pg_proc.prosqlbody': 'pg_get_function_sqlbody(t.oid)',
  'pg_publication_rel.prattrs':
    'ARRAY(SELECT a.attname FROM unnest(t.prattrs::int2[]) WITH ORDINALITY AS u (k, n), pg_attribute a WHERE a.attrelid = t.prrelid AND a.attnum = u.k ORDER BY n)::text',
  'pg_rewrite.ev_action': 'pg_get_ruledef(t.oid)',
  'pg_rewrite.ev_qual': 'NULL::text',
  'pg_subscription.subconninfo': digest('t.subconninfo'),
  // The triggers of a foreign key are named after a number.
  'pg_trigger.tgname': `CASE WHEN t.tgisinternal THEN regexp_replace(t.tgname::text, '_\\d+$', '') ELSE t.tgname::text END`,
  'pg_trigger.tgqual': 'CASE WHEN NOT t.tgisinternal THEN pg_get_triggerdef(t.oid) END',
  'pg_user_mapping.umoptions': digest(sorted('t.umoptions')),
};

/** Returns SQL for the text or list of texts that a column is compared by. */
export function writeColumn(catalog: Catalog, { name, type }: Column): string {
  const value = `t.${name}`;
  const written = WRITTEN[`${catalog.name}.${name}`];
  if (written !== undefined) return written;
  const attribute = catalog.foreignKeys.find(
    (key) => key.columns.length === 2 && key.columns[1] === name && key.catalog === 'pg_attribute',
  );
  if (attribute) return writeAttributes(`t.${attribute.columns[0]}`, value, attribute.isArray);
  const reference = catalog.foreignKeys.find(({ columns }) => columns.length === 1 && columns[0] === name);
  if (reference) return writeReference(reference, value);
  const classColumn = /^(ref|)obj(o?)id$/.exec(name);
  if (classColumn) return writeAnyObject(catalog, name, classColumn[1] ?? '');
  if (type === 'pg_node_tree') return `pg_get_expr(${value}, ${relationOf(catalog)})`;
  if (type === 'aclitem[]') return writePrivileges(catalog, value);
  // Options are a set, and pg_dump sorts them by name. The order of every other list has a meaning: as text it is compared.
  if (type === 'text[]' && /options$|config$/.test(name)) return sorted(value);
  return /\[\]$|vector$/.test(type) ? `${value}::text` : `to_jsonb(${value})`;
}

const nameOf = (catalog: string, oid: string): string => {
  const type = NAME_TYPES[catalog];
  const identity = `(SELECT o.identity FROM pg_identify_object('${catalog}'::regclass, ${oid}, 0) AS o)`;
  return `CASE WHEN ${oid} <> 0 THEN ${type === undefined ? identity : `${oid}::oid::${type}::text`} END`;
};

const writeReference = ({ catalog, isArray }: ForeignKey, value: string): string =>
  isArray
    ? `ARRAY(SELECT ${nameOf(catalog, 'u.o')} FROM unnest(${value}::oid[]) WITH ORDINALITY AS u (o, n) ORDER BY n)::text`
    : nameOf(catalog, value);

const writeAttributes = (relation: string, value: string, isArray: boolean): string => {
  const named = (number: string): string =>
    `(SELECT a.attname FROM pg_attribute a WHERE a.attrelid = ${relation} AND a.attnum = ${number})`;
  return isArray
    ? `ARRAY(SELECT ${named('u.k')} FROM unnest(${value}::int2[]) WITH ORDINALITY AS u (k, n) ORDER BY n)::text`
    : named(value);
};

/** An object of the catalog that the column before names: a comment, a label or a dependency. */
function writeAnyObject({ columns }: Catalog, name: string, prefix: string): string {
  const has = (column: string): boolean => columns.some((one) => one.name === column);
  const classId = has(`${prefix}classoid`) ? `${prefix}classoid` : `${prefix}classid`;
  const part = has(`${prefix}objsubid`) ? `t.${prefix}objsubid` : '0';
  return `(SELECT o.type || ' ' || o.identity FROM pg_identify_object(t.${classId}, t.${name}, ${part}) AS o)`;
}

/** The relation whose columns an expression names: 0 when it names none. */
function relationOf({ name, foreignKeys }: Catalog): string {
  if (name === 'pg_class') return 't.oid';
  const ofAttributes = foreignKeys.find(({ columns }) => columns.length === 2);
  const ofRelation = foreignKeys.find(
    ({ catalog, columns }) =>
      catalog === 'pg_class' && columns.length === 1 && /relid$/.test(columns[0] ?? ''),
  );
  const column = (ofAttributes ?? ofRelation)?.columns[0];
  return column === undefined ? '0' : `t.${column}`;
}

/** Privileges as a sorted list. An object without a list has the default ones, which a dump does not repeat. */
function writePrivileges(catalog: Catalog, value: string): string {
  const kind = PRIVILEGE_KINDS[catalog.name];
  const owner = catalog.columns.find(isOwner(catalog));
  const list = kind && owner ? `coalesce(${value}, acldefault(${kind}, t.${owner.name}))` : value;
  return `ARRAY(SELECT i::text FROM unnest(${list}) AS i ORDER BY 1)`;
}

/** Whether the column names the owner of the object. */
export const isOwner =
  ({ foreignKeys }: Catalog) =>
  ({ name }: Column): boolean =>
    /owner$|^datdba$/.test(name) &&
    foreignKeys.some(({ catalog, columns }) => catalog === 'pg_authid' && columns[0] === name);
