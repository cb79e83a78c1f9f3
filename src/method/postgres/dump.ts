// Postgres as a logical dump, with what pg_dump leaves out: roles, their passwords and memberships, and the database itself.
import { text } from 'node:stream/consumers';
import { Readable } from 'node:stream';
import { z } from 'zod';
import type { Method } from '../../model/method.ts';
import { finding } from '../../support/errors.ts';
import { step, typed } from '../../support/trace.ts';
import { defineMethod } from '../define.ts';
import {
  applyProperties,
  countRelations,
  createWithLocale,
  databaseLocale,
  FIRST_USER_OBJECT,
  readLocale,
  readProperties,
} from './database-definition.ts';
import { lockLimitOf, runDumpClient } from './dump-client.ts';
import { countContents, dumpContents, requireContents } from './dump-contents.ts';
import { tolerateExistingRoles, withKnownCommands } from './globals.ts';
import { connectionTo, findServer, runClient, type PostgresServer } from './server.ts';
import { selectRow, type PostgresService } from './service.ts';
import { withSnapshot } from './snapshot.ts';

const GLOBALS = 'globals.sql.zst';
const PROPERTIES = 'properties.sql.zst';
const DATABASE = 'database.dump.zst';

const metadata = dumpContents.extend({
  service: z.string().min(1),
  database: z.string().min(1),
  locale: databaseLocale,
  /** Of the server, as a number: 170006. */
  version: z.int().positive(),
});

/** Dumps one database and the roles of its server. Restores into the running, empty server of a fresh service. */
export const postgresDump = (): Method<PostgresService, PostgresService, void> =>
  defineMethod({
    name: 'postgres dump',
    limits: [
      { sentence: 'anything written after the dump began' },
      { sentence: 'other databases of the same server: back each one up with a dump' },
      { sentence: 'tablespaces: their tables and indexes come back in the default one' },
      { sentence: 'whether a subscription is active: it comes back disabled' },
      { sentence: 'disabled triggers of foreign keys: they come back enabled' },
      { sentence: 'server settings, replication slots and planner statistics' },
    ],
    metadata,

    async backup(service, { put }) {
      const server = await findServer(service);
      await refuseEmpty(server);
      const globals = ['pg_dumpall', '--globals-only', '--no-tablespaces', '--no-password'];
      await runDumpClient(server, globals, { read: (stdout) => put(GLOBALS, stdout) });
      const version = await readVersion(server);
      const { service: name, database } = service;
      return withSnapshot(server, async (snapshot) => {
        const contents = await countContents(snapshot);
        const locale = databaseLocale.parse(await readLocale(snapshot));
        await put(PROPERTIES, Readable.from([await readProperties(snapshot)]));
        await runDumpClient(server, dumpCommand(server, snapshot.id), {
          read: (stdout) => put(DATABASE, stdout),
        });
        return { service: name, database, version, locale, ...contents };
      });
    },

    async restore(artifact, service) {
      const { locale, version, ...expected } = artifact.metadata;
      const server = await findServer(service);
      await refuseOlder(server, version);
      const [globals, properties] = [
        await text(artifact.open(GLOBALS)),
        await text(artifact.open(PROPERTIES)),
      ];
      const psql = [
        'psql',
        '--no-psqlrc',
        '--quiet',
        '--no-password',
        '--set',
        'ON_ERROR_STOP=1',
        '--dbname',
      ];
      const inTask = `docker exec -i "$(docker ps -q -f label=com.docker.swarm.service.name=${service.service})"`;
      await step(
        'roles and grants',
        async () => {
          const { output } = await runClient(server, ['psql', '--help=commands']);
          const input = withKnownCommands(tolerateExistingRoles(globals), output);
          await runDumpClient(server, [...psql, connectionTo(server.maintenance)], { input });
        },
        typed(
          server.task.node,
          `${inTask} psql --username ${service.user} --dbname ${server.maintenance} <globals.sql`,
        ),
      );
      const { database } = service;
      const restore = [
        'pg_restore',
        '--clean',
        '--if-exists',
        '--exit-on-error',
        '--no-tablespaces',
        '--no-password',
      ];
      await step(
        'tables and rows',
        async () => {
          await createWithLocale(server, locale);
          await runDumpClient(server, [...psql, connectionTo(database)], { input: LOCK_ALL });
          await runDumpClient(server, [...restore, '--dbname', connectionTo(database)], {
            input: artifact.open(DATABASE),
          });
          await applyProperties(server, properties);
        },
        typed(
          server.task.node,
          `${inTask} ${restore.join(' ')} --username ${service.user} --dbname ${database} <database.dump`,
        ),
      );
      await step('compare the number of rows', () => requireContents(server, expected));
    },
  });

/** pg_dump sets lock_timeout to none by itself. */
const dumpCommand = (server: PostgresServer, snapshot: string): string[] => [
  'pg_dump',
  '--format=custom',
  '--compress=0',
  '--no-password',
  `--snapshot=${snapshot}`,
  `--lock-wait-timeout=${lockLimitOf(server)}`,
  `--dbname=${connectionTo(server.service.database)}`,
];

/** pg_dump dumps an empty database without an error. Almost certainly it is the wrong database. */
async function refuseEmpty(server: PostgresServer): Promise<void> {
  if ((await countRelations(server)) > 0) return;
  throw finding(
    `database ${server.service.database}: has no table, view or sequence, so there is nothing to dump`,
    {
      code: 'empty-database',
      node: server.task.node.name,
      hint: 'Name the database that the application uses; "psql --list" shows all of them.',
    },
  );
}

const readVersion = async (server: PostgresServer): Promise<number> =>
  Number((await selectRow(server, { version: `current_setting('server_version_num')` })).version);

/** A dump can be restored into the same major version or a newer one. */
async function refuseOlder(server: PostgresServer, dumped: number): Promise<void> {
  const [from, to] = [dumped, await readVersion(server)].map((version) => Math.floor(version / 10_000));
  if (from === undefined || to === undefined || to >= from) return;
  throw finding(`service ${server.service.service}: is Postgres ${to}, and the dump is of Postgres ${from}`, {
    code: 'older-server',
    node: server.task.node.name,
    hint: `Restore into Postgres ${from} or newer.`,
  });
}

/** pg_restore waits forever for what it drops first, because the dump sets lock_timeout to none. This statement does not. */
const LOCK_ALL = `
  DO $do$ DECLARE tables text; BEGIN
    SELECT string_agg(oid::regclass::text, ', ') INTO tables FROM pg_class
      WHERE oid >= ${FIRST_USER_OBJECT} AND relkind IN ('r', 'p') AND relpersistence <> 't';
    IF tables IS NOT NULL THEN EXECUTE 'LOCK TABLE ' || tables || ' IN ACCESS EXCLUSIVE MODE'; END IF;
  END $do$;`;
