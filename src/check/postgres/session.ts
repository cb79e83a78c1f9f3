// A session whose output depends on no setting of the server, the database or the role, so that the same value is always the same text.

/** Returns the rows of one SQL statement, each column by its name. */
export type SqlQuery = <Row>(sql: string) => Promise<readonly Row[]>;

/** Settings that change how values are written. A restore that loses or changes one of them must not change any hash. */
const SETTINGS: Readonly<Record<string, string>> = {
  bytea_output: 'hex',
  DateStyle: 'ISO, YMD',
  extra_float_digits: '1',
  IntervalStyle: 'iso_8601',
  // A statement about every catalog takes ten times as long to compile as to run.
  jit: 'off',
  lc_monetary: 'C',
  lc_numeric: 'C',
  lc_time: 'C',
  quote_all_identifiers: 'off',
  row_security: 'off',
  // Names in the output are qualified.
  search_path: 'pg_catalog',
  TimeZone: 'UTC',
  xmlbinary: 'base64',
};

/** SQL that gives the session these settings. Names in later statements must be qualified. */
export const STABLE_SESSION = `SELECT ${Object.entries(SETTINGS)
  .map(([name, value]) => `set_config('${name}', '${value}', false)`)
  .join(', ')}`;
