// Postgres as a logical dump, with what pg_dump leaves out: roles, their passwords and memberships.
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import type { Method } from '../../model/method.ts';
import { formatSeconds, seconds } from '../../support/clock.ts';
import { DrillError, finding } from '../../support/errors.ts';
import { step } from '../../support/trace.ts';
import { findTask, execInTask, type ServiceTask, type TaskExecOptions } from '../container/task.ts';
import { defineMethod } from '../define.ts';
import { selectRow, type PostgresService } from './service.ts';

const LOCK_LIMIT = seconds(60);
const GLOBALS = 'globals.sql.zst';
const DATABASE = 'database.dump.zst';

/** Dumps one database and the roles of its server. Restores into the running, empty server of a fresh service. */
export const postgresDump = (): Method<PostgresService, PostgresService, void> =>
  defineMethod({
    name: 'postgres dump',
    limits: [
      { sentence: 'anything written after the dump began' },
      { sentence: 'other databases of the same server: back each one up with a dump' },
      { sentence: 'tablespaces on other disks, server settings and replication slots' },
    ],
    metadata: z.object({ service: z.string().min(1), database: z.string().min(1) }),

    async backup(service, { put }) {
      const { user, database, lockLimit = LOCK_LIMIT } = service;
      const task = await findTask(service);
      await refuseEmpty(task, service);
      const globals = ['pg_dumpall', '--globals-only', '--username', user];
      // pg_dump sets lock_timeout to none by itself.
      const lockWait = `--lock-wait-timeout=${lockLimit * 1000}`;
      const dump = ['pg_dump', '--format=custom', '--compress=0', lockWait, '--username', user, database];
      await runClient(task, service, globals, { read: (stdout) => put(GLOBALS, stdout) });
      await runClient(task, service, dump, { read: (stdout) => put(DATABASE, stdout) });
      return { service: service.service, database };
    },

    async restore(artifact, service) {
      const { user, database } = service;
      const task = await findTask(service);
      const globals = tolerateExistingRoles(await text(artifact.open(GLOBALS)));
      const psql = ['psql', '--no-psqlrc', '--quiet', '--set', 'ON_ERROR_STOP=1', '--username', user];
      await step('roles and grants', () =>
        runClient(task, service, [...psql, '--dbname', 'postgres'], { input: globals }),
      );
      const restore = ['pg_restore', '--clean', '--if-exists', '--exit-on-error', '--username', user];
      await step('tables and rows', async () => {
        await runClient(task, service, [...psql, '--dbname', database], { input: LOCK_ALL });
        await runClient(task, service, [...restore, '--dbname', database], {
          input: artifact.open(DATABASE),
        });
      });
    },
  });

/** Lower numbers are objects of the server itself. */
const FIRST_USER_OBJECT = 16384;

/** pg_dump dumps an empty database without an error. Almost certainly it is the wrong database. */
async function refuseEmpty(task: ServiceTask, service: PostgresService): Promise<void> {
  const { database } = service;
  const from = `pg_class WHERE oid >= ${FIRST_USER_OBJECT}`;
  const { relations } = await selectRow(task, service, { relations: 'count(*)' }, { from, database });
  if (relations !== '0') return;
  throw finding(`database ${database}: has no table, view or sequence, so there is nothing to dump`, {
    code: 'empty-database',
    node: task.node.name,
    hint: 'Name the database that the application uses; "psql --list" shows all of them.',
  });
}

/** pg_restore waits forever for what it drops first, because the dump sets lock_timeout to none. This statement does not. */
const LOCK_ALL = `
  DO $do$ DECLARE tables text; BEGIN
    SELECT string_agg(oid::regclass::text, ', ') INTO tables FROM pg_class
      WHERE oid >= ${FIRST_USER_OBJECT} AND relkind IN ('r', 'p') AND relpersistence <> 't';
    IF tables IS NOT NULL THEN EXECUTE 'LOCK TABLE ' || tables || ' IN ACCESS EXCLUSIVE MODE'; END IF;
  END $do$;`;

/** A fresh server has its superuser, and possibly roles that the image's set-up created. ALTER ROLE then sets their properties. */
const tolerateExistingRoles = (globals: string): string =>
  globals.replaceAll(
    /^CREATE ROLE (.+);$/gm,
    'DO $do$ BEGIN CREATE ROLE $1; EXCEPTION WHEN duplicate_object THEN NULL; END $do$;',
  );

/** pg_dump turns its lock limit into a statement timeout while it takes its locks. */
const LOCK_TIMEOUT = /due to lock timeout|due to statement timeout[^]*LOCK TABLE/;

/** Runs a client program of Postgres in the task. @throws DrillError `locked` or `postgres-failed`; otherwise as `execInTask` does */
async function runClient<T>(
  task: ServiceTask,
  { lockLimit = LOCK_LIMIT }: PostgresService,
  argv: readonly string[],
  options: Pick<TaskExecOptions<T>, 'read' | 'input'>,
): Promise<void> {
  const env = ['LC_ALL=C', `PGOPTIONS=-c lock_timeout=${lockLimit * 1000}`];
  try {
    await execInTask(task, argv, { ...options, user: 'postgres', env, code: 'postgres-failed' });
  } catch (cause) {
    if (!(cause instanceof DrillError) || !LOCK_TIMEOUT.test(cause.output ?? '')) throw cause;
    throw finding(
      `${argv[0]}: waited ${formatSeconds(lockLimit)} for a table that another session has locked`,
      {
        code: 'locked',
        node: task.node.name,
        output: cause.output ?? '',
        hint: 'Find the session in pg_locks and pg_stat_activity, and try again when it has ended.',
        cause,
      },
    );
  }
}
