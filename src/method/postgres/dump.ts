// Postgres as a logical dump, with what pg_dump leaves out: roles, their passwords and memberships.
import { text } from 'node:stream/consumers';
import { formatSeconds, seconds } from '../../support/clock.ts';
import { DrillError, finding } from '../../support/errors.ts';
import { step } from '../../support/trace.ts';
import type { Method } from '../../model/method.ts';
import { row, type PostgresService } from './service.ts';
import { findTask, execInTask, type ServiceTask, type TaskExecOptions } from '../container/task.ts';

const LOCK_LIMIT = seconds(60);

export const postgresDump: Method<PostgresService, PostgresService, void> = {
  name: 'pg_dump with globals',
  cannotHold: [
    'anything written after the dump began',
    'tablespaces on other disks, server settings and replication slots',
  ],

  loses: [],

  async backup(service, { put }) {
    const { user, database, lockLimit = LOCK_LIMIT } = service;
    const task = await findTask(service);
    await refuseEmpty(task, service);
    const globals = ['pg_dumpall', '--globals-only', '--username', user];
    // pg_dump sets lock_timeout itself, to none.
    const patience = `--lock-wait-timeout=${lockLimit * 1000}`;
    const dump = ['pg_dump', '--format=custom', '--compress=0', patience, '--username', user, database];
    await run(task, service, globals, { read: (stdout) => put('globals.sql.zst', stdout) });
    await run(task, service, dump, { read: (stdout) => put('database.dump.zst', stdout) });
    return { service: service.service, database };
  },

  async restore(artifact, service) {
    const { user, database } = service;
    const task = await findTask(service);
    const globals = tolerant(await text(artifact.open('globals.sql.zst')));
    const psql = ['psql', '--no-psqlrc', '--quiet', '--set', 'ON_ERROR_STOP=1', '--username', user];
    await step('roles and grants', () =>
      run(task, service, [...psql, '--dbname', 'postgres'], { input: globals }),
    );
    const restore = ['pg_restore', '--clean', '--if-exists', '--exit-on-error', '--username', user];
    await step('tables and rows', async () => {
      await run(task, service, [...psql, '--dbname', database], { input: LOCK_ALL });
      await run(task, service, [...restore, '--dbname', database], {
        input: artifact.open('database.dump.zst'),
      });
    });
  },
};

/** Below are the objects of the server itself. */
const FIRST_OWN_OBJECT = 16384;

/** pg_dump is content with nothing. Almost surely it is the wrong database. */
async function refuseEmpty(task: ServiceTask, service: PostgresService): Promise<void> {
  const { database } = service;
  const sql = `SELECT count(*) FROM pg_class WHERE oid >= ${FIRST_OWN_OBJECT}`;
  const [relations] = await row(task, service, sql, database);
  if (relations !== '0') return;
  throw finding(`the database ${database} has no table, view or sequence: its dump would hold nothing`, {
    code: 'empty-database',
    node: task.node.name,
    hint: 'name the database that the application uses; "psql --list" shows all',
  });
}

/** pg_restore waits without an end for what it drops first, as the dump itself sets lock_timeout to none: this does not. */
const LOCK_ALL = `
  DO $do$ DECLARE tables text; BEGIN
    SELECT string_agg(oid::regclass::text, ', ') INTO tables FROM pg_class
      WHERE oid >= ${FIRST_OWN_OBJECT} AND relkind IN ('r', 'p') AND relpersistence <> 't';
    IF tables IS NOT NULL THEN EXECUTE 'LOCK TABLE ' || tables || ' IN ACCESS EXCLUSIVE MODE'; END IF;
  END $do$;`;

/** A fresh server already has its superuser, and perhaps roles that the image's set-up made; ALTER ROLE then sets them right. */
const tolerant = (globals: string): string =>
  globals.replaceAll(
    /^CREATE ROLE (.+);$/gm,
    'DO $do$ BEGIN CREATE ROLE $1; EXCEPTION WHEN duplicate_object THEN NULL; END $do$;',
  );

/** pg_dump makes its own limit one for statements while it takes its locks. */
const HELD_UP = /due to lock timeout|due to statement timeout[^]*LOCK TABLE/;

/** @throws DrillError `locked` or `postgres-failed`, in the program's words; otherwise as `execInTask` does */
async function run<T>(
  task: ServiceTask,
  { lockLimit = LOCK_LIMIT }: PostgresService,
  argv: readonly string[],
  options: Pick<TaskExecOptions<T>, 'read' | 'input'>,
): Promise<void> {
  const env = ['LC_ALL=C', `PGOPTIONS=-c lock_timeout=${lockLimit * 1000}`];
  try {
    await execInTask(task, argv, { ...options, user: 'postgres', env, code: 'postgres-failed' });
  } catch (cause) {
    if (!(cause instanceof DrillError) || !HELD_UP.test(cause.output ?? '')) throw cause;
    throw finding(
      `${argv[0]} waited ${formatSeconds(lockLimit)} for a table that somebody else holds locked`,
      {
        code: 'locked',
        node: task.node.name,
        output: cause.output ?? '',
        hint: 'see who holds it in pg_locks and pg_stat_activity, and try again when that is over',
        cause,
      },
    );
  }
}
