// A Postgres server that runs as a service, and how it is asked.
import type { Seconds } from '../../support/clock.ts';
import type { Swarm } from '../../swarm/swarm.ts';
import { execInTask, type ServiceTask } from '../container/task.ts';

export interface PostgresService {
  readonly swarm: Swarm;
  readonly service: string;
  /** The superuser that the image made. */
  readonly user: string;
  readonly database: string;
  /** How long a dump or its restore may wait for a table that somebody else holds locked. Default 60 s. */
  readonly lockLimit?: Seconds;
}

/** Columns of the one row that `sql` gives. @throws DrillError `postgres-failed` with the server's words */
export async function row(
  task: ServiceTask,
  { user }: PostgresService,
  sql: string,
  database = 'postgres',
): Promise<string[]> {
  const argv = ['psql', '-XAtq', '-F', '\t', '-v', 'ON_ERROR_STOP=1', '-U', user, '-d', database, '-c', sql];
  const { output } = await execInTask(task, argv, { user: 'postgres', code: 'postgres-failed' });
  return output.trim().split('\t');
}

/** The server's clock, as text in UTC: it is the one that commits carry. */
export const NOW = `to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
