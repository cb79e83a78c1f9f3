// Client programs of a dump or its restore: they wait for a locked table only as long as they may.
import { formatSeconds, seconds } from '../../support/clock.ts';
import { DrillError, finding } from '../../support/errors.ts';
import type { TaskExecOptions } from '../container/task.ts';
import { runClient, type PostgresServer } from './server.ts';

const LOCK_LIMIT = seconds(60);

/** Milliseconds. */
export const lockLimitOf = ({ service }: PostgresServer): number => (service.lockLimit ?? LOCK_LIMIT) * 1000;

/** pg_dump turns its lock limit into a statement timeout while it takes its locks. */
const LOCK_TIMEOUT = /due to lock timeout|due to statement timeout[^]*LOCK TABLE/;

/**
 * Runs a client program in a session without the settings of the database that would end or refuse its work.
 * @throws DrillError `locked` or `postgres-failed`; otherwise as `execInTask` does
 */
export async function runDumpClient<T>(
  server: PostgresServer,
  argv: readonly string[],
  options: Pick<TaskExecOptions<T>, 'read' | 'input'> = {},
): Promise<T | string> {
  const { lockLimit = LOCK_LIMIT } = server.service;
  const settings = [
    `lock_timeout=${lockLimitOf(server)}`,
    'statement_timeout=0',
    'default_transaction_read_only=off',
  ];
  const env = [`PGOPTIONS=${settings.map((setting) => `-c ${setting}`).join(' ')}`];
  try {
    return (await runClient(server, argv, { ...options, env })).output;
  } catch (cause) {
    if (!(cause instanceof DrillError) || !LOCK_TIMEOUT.test(cause.output ?? '')) throw cause;
    throw finding(
      `${argv[0]}: waited ${formatSeconds(lockLimit)} for a table that another session has locked`,
      {
        code: 'locked',
        node: server.task.node.name,
        output: cause.output ?? '',
        hint: 'Find the session in pg_locks and pg_stat_activity, and try again when it has ended.',
        cause,
      },
    );
  }
}
