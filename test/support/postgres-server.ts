// A Postgres server that archives its WAL, as a service of a one-node swarm, for tests of the Postgres methods.
import { inject } from 'vitest';
import { execInContainer } from '../../src/lab/engine/process.ts';
import type { Volume } from '../../src/method/container/volume.ts';
import { connectionTo } from '../../src/method/postgres/server.ts';
import type { PostgresService } from '../../src/method/postgres/service.ts';
import type { PostgresArchive } from '../../src/method/postgres/wal-archive.ts';
import { waitUntil } from '../../src/support/poll.ts';
import { Scope } from '../../src/support/scope.ts';
import { Site } from '../../src/swarm/site.ts';
import { Swarm } from '../../src/swarm/swarm.ts';

const STACK = `
version: '3.8'
services:
  db:
    image: IMAGE
    entrypoint: ['sh', '-c', 'chown postgres /archive && exec docker-entrypoint.sh "$$@"', '--']
    command:
      - postgres
      - -c
      - archive_mode=on
      - -c
      - archive_command=cmp -s %p /archive/%f || { test ! -f /archive/%f && cp %p /archive/.%f && mv /archive/.%f /archive/%f; }
    environment: { POSTGRES_USER: owner, POSTGRES_PASSWORD: only-here, POSTGRES_INITDB_ARGS: '--data-checksums --wal-segsize=1' }
    volumes: ['data:/var/lib/postgresql/data', 'archive:/archive']
    networks: [apart]
    healthcheck: { test: [CMD, pg_isready, -U, owner, -h, 127.0.0.1], interval: 1s, retries: 60 }
    deploy: { endpoint_mode: dnsrr, restart_policy: { delay: 0s } }
networks: { apart: { driver: overlay } }
volumes: { data: { labels: { purpose: rows } }, archive: {} }
`;

/** Passwords that the server knows, and that no metadata may contain. */
export const PASSWORDS = /only-here|secret-of-reader/;

/** Client programs and sessions of a backup or a restore, in a list of processes. */
const CLIENTS = /pg_dump|pg_restore|pg_basebackup|psql|walsender|COPY/;

/** How a server differs from the usual one. */
export interface ServerVariant {
  /** Changes the stack file. */
  readonly change?: (stack: string) => string;
  /** Default `owner`. */
  readonly superuser?: string;
  /** User of the operating system. Default `postgres`. */
  readonly systemUser?: string;
  /** Environment of psql. */
  readonly env?: readonly string[];
  /** Default `/archive`. */
  readonly archive?: string;
}

export class PostgresServer implements AsyncDisposable {
  readonly swarm: Swarm;
  readonly #scope: Scope;
  readonly #variant: Required<ServerVariant>;

  private constructor(swarm: Swarm, scope: Scope, variant: ServerVariant) {
    this.swarm = swarm;
    this.#scope = scope;
    this.#variant = {
      change: (stack) => stack,
      superuser: 'owner',
      systemUser: 'postgres',
      env: [],
      archive: '/archive',
      ...variant,
    };
  }

  /** Starts a swarm and the server, with the role `reader`. @param drill not that of another test file */
  static async start(drill: string, variant: ServerVariant = {}): Promise<PostgresServer> {
    const scope = new Scope();
    const site = await Site.open({ lab: inject('lab'), run: `pg-${process.pid}`, drill, scope });
    const server = new PostgresServer(await Swarm.start(site, { managers: 1, workers: 0 }), scope, variant);
    await server.deploy();
    await server.sql("CREATE ROLE reader LOGIN PASSWORD 'secret-of-reader'");
    return server;
  }

  async deploy(): Promise<void> {
    const stack = this.#variant.change(STACK.replace('IMAGE', this.swarm.imageOf('postgres')));
    await this.swarm.deploy('pg', stack);
    await this.swarm.converged();
  }

  /** Removes the service and the volumes. */
  async lose(...volumes: string[]): Promise<void> {
    const manager = await this.swarm.manager();
    await waitUntil('the volumes to be gone', async () => {
      // For a moment after its service, a task may still count as a user of the network: then repeat it.
      await manager.exec(['docker', 'stack', 'rm', '--detach=false', 'pg']);
      await manager.exec(['docker', 'volume', 'rm', '--force', ...volumes]);
      return { done: true };
    });
  }

  source(database = 'postgres'): PostgresService {
    return { swarm: this.swarm, service: 'pg_db', user: this.#variant.superuser, database };
  }

  get archive(): PostgresArchive {
    return { ...this.source(), archive: this.#variant.archive };
  }

  volume(name: string): Volume {
    return { swarm: this.swarm, node: this.swarm.node('manager-1'), name };
  }

  async sql(statements: string, database = 'postgres'): Promise<string> {
    const { node, id } = await this.#container();
    const { superuser, systemUser, env } = this.#variant;
    const argv = ['psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-U', superuser, '-d', connectionTo(database)];
    const options = { user: systemUser, env, input: statements };
    return (await execInContainer(node.engine, id, argv, options)).trim();
  }

  /** The time by the server's clock. */
  now(): Promise<string> {
    return this.sql(`SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`);
  }

  /** Creates the database again, with `content`. */
  async createDatabase(name: string, content = ''): Promise<PostgresService> {
    await this.sql(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    await this.sql(`CREATE DATABASE ${name}`);
    await this.sql(content, name);
    return this.source(name);
  }

  async kill(): Promise<void> {
    const { node, id } = await this.#container();
    await node.engine.containers.kill(id);
  }

  /** Waits until neither a client program nor its session is left in the server's container. */
  async clientsEnded(): Promise<void> {
    const { node, id } = await this.#container();
    await waitUntil('the clients to end', async () => {
      const processes = await node.exec(['docker', 'top', id, '-o', 'pid,args']);
      const left = processes.split('\n').filter((command) => CLIENTS.test(command));
      return left.length === 0 ? { done: true } : { notYet: left.join('; ') };
    });
  }

  /** Runs `body` while another session has locked `table`. */
  async whileLocked<T>(database: string, table: string, body: () => Promise<T>): Promise<T> {
    const { node, id } = await this.#container();
    const psql = ['psql', '-XAtq', '-U', 'owner', '-d', database];
    const session = await node.engine.containers.startProcess(id, psql, { user: 'postgres' });
    session.io.resume();
    session.io.write(`BEGIN; LOCK TABLE ${table};\n`);
    await waitUntil('the lock', async () => {
      const held = await this.sql(
        `SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted`,
      );
      return held === '0' ? { notYet: 'no session holds it' } : { done: true };
    });
    try {
      return await body();
    } finally {
      session.io.end();
      await session.exitCode();
    }
  }

  /** Updates the service as `docker service update` does. */
  async update(...options: string[]): Promise<void> {
    const manager = await this.swarm.manager();
    await manager.exec(['docker', 'service', 'update', '--detach=false', ...options, 'pg_db']);
  }

  #container() {
    return this.swarm.taskContainer('pg_db');
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#scope[Symbol.asyncDispose]();
  }
}
