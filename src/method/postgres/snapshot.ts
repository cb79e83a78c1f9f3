// A read-only transaction whose snapshot pg_dump shares: what is read in it is what the dump has.
import { randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline';
import { PassThrough } from 'node:stream';
import { connectionTo, type PostgresServer } from './server.ts';
import { runDumpClient } from './dump-client.ts';

export interface Snapshot {
  /** For `pg_dump --snapshot`. */
  readonly id: string;
  /** Runs psql input, of which every row is one line of JSON. */
  readonly query: <T>(input: string) => Promise<T[]>;
}

/** A server may end sessions that wait for a dump. Which of these settings exist depends on its version. */
const NO_TIMEOUTS = `
  SELECT count(set_config(name, '0', false)) FROM pg_settings WHERE name IN
    ('statement_timeout', 'transaction_timeout', 'idle_session_timeout', 'idle_in_transaction_session_timeout') \\g /dev/null
  BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;`;

/** Calls `use` while the transaction is open. @throws DrillError `postgres-failed`, `locked`; what `use` throws */
export async function withSnapshot<T>(
  server: PostgresServer,
  use: (snapshot: Snapshot) => Promise<T>,
): Promise<T> {
  const input = new PassThrough();
  const psql = ['psql', '-XAtqw', '-v', 'ON_ERROR_STOP=1', '-d', connectionTo(server.service.database)];
  let used: { readonly result: T } | undefined;
  await runDumpClient(server, psql, {
    input,
    read: async (stdout) => {
      const lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
      const query = async <Row>(sql: string): Promise<Row[]> => {
        const end = randomUUID();
        input.write(`${sql}\n\\echo ${end}\n`);
        const rows: Row[] = [];
        for (;;) {
          const { value, done } = await lines.next();
          if (done) throw new SessionEndedError();
          if (value === end) return rows;
          rows.push(JSON.parse(value) as Row);
        }
      };
      try {
        const [id = ''] = await query<string>(`${NO_TIMEOUTS} SELECT to_json(pg_export_snapshot());`);
        used = { result: await use({ id, query }) };
        input.end('COMMIT;\n');
        while (!(await lines.next()).done);
      } catch (error) {
        // What psql printed says why.
        if (error instanceof SessionEndedError) return void input.end();
        input.destroy(error as Error);
        throw error;
      }
    },
  });
  if (!used) throw new SessionEndedError();
  return used.result;
}

/** psql ended by itself. */
class SessionEndedError extends Error {
  constructor() {
    super('psql: ended before its input did');
  }
}
