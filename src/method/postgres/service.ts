// A Postgres server that runs as a service, and queries to it.
import type { Seconds } from '../../support/clock.ts';
import { finding } from '../../support/errors.ts';
import type { Swarm } from '../../swarm/swarm.ts';
import { connectionTo, runClient, type PostgresServer } from './server.ts';

/** The service of a Postgres server, and how to connect to it. */
export interface PostgresService {
  readonly swarm: Swarm;
  /** Full name of the service: stacks prefix names. */
  readonly service: string;
  /** The superuser that the image created. */
  readonly user: string;
  readonly database: string;
  /**
   * The file in the container with the password of `user`, if the server's socket asks for one.
   * Default: what the image's set-up used, `POSTGRES_PASSWORD` or `POSTGRES_PASSWORD_FILE`.
   */
  readonly passwordFile?: string;
  /** How long a dump or its restore may wait for a locked table, in seconds. Default 60. */
  readonly lockLimit?: Seconds;
}

export interface SelectOptions {
  readonly from?: string;
  /** Default: one that every server has. */
  readonly database?: string;
}

/**
 * Selects one row: SQL expressions by the name that each column gets.
 * @throws DrillError `postgres-failed` with the server's message, or when it returned something else than one row of these columns
 */
export async function selectRow<Column extends string>(
  server: PostgresServer,
  columns: Readonly<Record<Column, string>>,
  { from, database = server.maintenance }: SelectOptions = {},
): Promise<Readonly<Record<Column, string>>> {
  const names = Object.keys(columns) as Column[];
  const sql = `SELECT ${Object.values(columns).join(', ')}${from === undefined ? '' : ` FROM ${from}`}`;
  const argv = [
    'psql',
    '-XAtqw',
    '-F',
    '\t',
    '-v',
    'ON_ERROR_STOP=1',
    '-d',
    connectionTo(database),
    '-c',
    sql,
  ];
  const { output } = await runClient(server, argv);
  // NULL is an empty column, also at the beginning and the end.
  const values = output.replace(/\n$/, '').split('\t');
  if (values.length !== names.length)
    throw finding(`psql: unexpected output (expected ${names.length} columns, got ${values.length})`, {
      code: 'postgres-failed',
      node: server.task.node.name,
      output,
    });
  return Object.fromEntries(names.map((name, index) => [name, values[index]])) as Record<Column, string>;
}

/** Returns SQL that formats a time as text in UTC. */
export const utcText = (time: string): string =>
  `to_char(${time} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;

/** SQL for the server's clock. Commits carry the time of this clock. */
export const SERVER_TIME = utcText('clock_timestamp()');
/** SQL for the identifier that a server and its copies share. */
export const SERVER_ID = '(SELECT system_identifier FROM pg_control_system())';
export const SEGMENT_BYTES = `pg_size_bytes(current_setting('wal_segment_size'))`;
