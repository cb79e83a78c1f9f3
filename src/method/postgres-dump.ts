// Postgres as a logical dump, with what pg_dump leaves out: roles, their passwords and memberships.
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { finish, start, type Running } from '../lab/engine.ts';
import { finding } from '../support/errors.ts';
import { step } from '../support/trace.ts';
import type { Swarm } from '../swarm/swarm.ts';
import type { Method } from './method.ts';

/** A Postgres server that runs as a service. */
export interface PostgresService {
  readonly swarm: Swarm;
  readonly service: string;
  /** The superuser that the image made. */
  readonly user: string;
  readonly database: string;
}

export const postgresDump: Method<PostgresService, PostgresService, void> = {
  name: 'pg_dump with globals',
  cannotHold: [
    'anything written after the dump began',
    'tablespaces on other disks, server settings and replication slots',
  ],

  loses: [],

  async backup(service, { put }) {
    for (const [file, argv] of [
      ['globals.sql.zst', ['pg_dumpall', '--globals-only', '--username', service.user]],
      [
        'database.dump.zst',
        ['pg_dump', '--format=custom', '--compress=0', '--username', service.user, service.database],
      ],
    ] as const) {
      const dump = await inside(service, argv);
      dump.io.end();
      await put(file, dump.io);
      await succeeded(dump, argv[0]);
    }
    return { service: service.service, database: service.database };
  },

  async restore(artifact, service) {
    const globals = await text(artifact.open('globals.sql.zst'));
    const psql = [
      'psql',
      '--no-psqlrc',
      '--quiet',
      '--set',
      'ON_ERROR_STOP=1',
      '--username',
      service.user,
      '--dbname',
      'postgres',
    ];
    await step('roles and grants', () => fed(service, psql, Readable.from([tolerant(globals)])));
    const restore = [
      'pg_restore',
      '--clean',
      '--if-exists',
      '--exit-on-error',
      '--username',
      service.user,
      '--dbname',
      service.database,
    ];
    await step('tables and rows', () => fed(service, restore, artifact.open('database.dump.zst')));
  },
};

/** A fresh server already has its superuser, and perhaps roles that the image's set-up made; ALTER ROLE then sets them right. */
const tolerant = (globals: string): string =>
  globals.replaceAll(
    /^CREATE ROLE (.+);$/gm,
    'DO $do$ BEGIN CREATE ROLE $1; EXCEPTION WHEN duplicate_object THEN NULL; END $do$;',
  );

async function inside({ swarm, service }: PostgresService, argv: readonly string[]): Promise<Running> {
  const { node, id } = await swarm.taskContainer(service);
  return start(node.docker, id, argv, { user: 'postgres' });
}

async function fed(service: PostgresService, argv: readonly string[], input: Readable): Promise<void> {
  const running = await inside(service, argv);
  const output = await finish(running, input);
  if (output.exitCode !== 0) throw failed(argv[0] ?? '', output.exitCode, output.stderr);
}

async function succeeded(running: Running, program: string): Promise<void> {
  const exitCode = await running.exitCode();
  if (exitCode !== 0) throw failed(program, exitCode, running.stderr());
}

const failed = (program: string, exitCode: number, output: string) =>
  finding(`${program} ended with exit code ${exitCode}`, {
    code: 'postgres-failed',
    command: program,
    output,
  });
