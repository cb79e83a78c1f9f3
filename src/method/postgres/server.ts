// A Postgres server in the container of a service: found by its process, so that no port, user or password has to be the usual one.
import { DrillError, finding } from '../../support/errors.ts';
import {
  execInTask,
  findTask,
  type ServiceTask,
  type TaskExecOptions,
  type TaskOutput,
} from '../container/task.ts';
import type { PostgresService } from './service.ts';

export interface PostgresServer {
  readonly task: ServiceTask;
  readonly service: PostgresService;
  /** The user that the server runs as, in numbers: `999:999`. */
  readonly owner: string;
  /** Environment of client programs: socket, port, superuser and, if the server asks for it, password. */
  readonly environment: readonly string[];
  /** A database for statements about the whole server. */
  readonly maintenance: string;
}

/** Finds the server and connects to it. @throws DrillError `not-running`, `no-server`, `no-access` */
export async function findServer(service: PostgresService): Promise<PostgresServer> {
  const task = await findTask(service);
  return connectTo(task, service);
}

/** The same, in a container that is known. */
export async function connectTo(task: ServiceTask, service: PostgresService): Promise<PostgresServer> {
  const statuses = await execInTask(task, ['sh', '-c', 'cat /proc/[0-9]*/status 2>/dev/null; true'], {
    code: 'no-server',
  });
  const process = findPostmaster(statuses.output);
  if (!process)
    throw finding(`service ${service.service}: no Postgres server runs in its container`, {
      code: 'no-server',
      node: task.node.name,
      hint: 'Name the service of the database itself, not that of a pooler or a proxy.',
    });
  const owner = `${process.uid}:${process.gid}`;
  const pidFile = await execInTask(
    task,
    ['sh', '-c', 'cat "/proc/$0/cwd/postmaster.pid" 2>/dev/null; true', process.pid],
    {
      user: owner,
      code: 'no-server',
    },
  );
  const environment = ['LC_ALL=C', `PGUSER=${service.user}`, ...addressIn(pidFile.output)];
  return openMaintenance({ task, service, owner, environment, maintenance: 'postgres' });
}

/** The server's first process: the one whose parent is not Postgres. */
function findPostmaster(statuses: string): { pid: string; uid: string; gid: string } | undefined {
  const processes = statuses.split(/^(?=Name:)/m).map((status) => {
    const field = (name: string): string => new RegExp(`^${name}:\\s*(\\S+)`, 'm').exec(status)?.[1] ?? '';
    return {
      name: field('Name'),
      pid: field('Pid'),
      parent: field('PPid'),
      uid: field('Uid'),
      gid: field('Gid'),
    };
  });
  const servers = processes.filter(({ name }) => name === 'postgres');
  return servers.find(({ parent }) => !servers.some(({ pid }) => pid === parent));
}

/** Lines of `postmaster.pid`: process, data directory, start, port, socket directory, address. */
function addressIn(pidFile: string): string[] {
  const [, , , port = '', socket = '', address = ''] = pidFile.split('\n').map((line) => line.trim());
  const host = socket || (address === '*' ? '127.0.0.1' : address);
  return [...(port ? [`PGPORT=${port}`] : []), ...(host ? [`PGHOST=${host}`] : [])];
}

const NEEDS_PASSWORD = /no password supplied/;
const NO_DATABASE = /database "postgres" does not exist/;

/** Connects once: with the password of the image's set-up if the server asks for one, and to `template1` if `postgres` was dropped. */
async function openMaintenance(server: PostgresServer): Promise<PostgresServer> {
  const failure = await tryToConnect(server);
  if (failure === undefined) return server;
  if (NO_DATABASE.test(failure.output ?? '') && server.maintenance === 'postgres')
    return openMaintenance({ ...server, maintenance: 'template1' });
  const hasPassword = server.environment.some((setting) => setting.startsWith('PGPASSWORD='));
  if (NEEDS_PASSWORD.test(failure.output ?? '') && !hasPassword) {
    const password = await readPassword(server);
    if (password !== '')
      return openMaintenance({ ...server, environment: [...server.environment, `PGPASSWORD=${password}`] });
  }
  const { task, service } = server;
  throw finding(`service ${service.service}: can't connect as ${service.user} (${lastLine(failure)})`, {
    code: 'no-access',
    node: task.node.name,
    output: failure.output ?? '',
    hint: 'Name a superuser as `user`, and the file in the container with its password as `passwordFile`.',
    cause: failure,
  });
}

const lastLine = ({ output = '', message }: DrillError): string =>
  output
    .trim()
    .split('\n')
    .at(-1)
    ?.replace(/^psql: error: /, '') || message;

const tryToConnect = (server: PostgresServer): Promise<DrillError | undefined> =>
  runClient(server, ['psql', '-XAtqw', '-d', connectionTo(server.maintenance), '-c', 'SELECT 1']).then(
    () => undefined,
    (error: unknown) => {
      if (error instanceof DrillError && error.code === 'postgres-failed') return error;
      throw error;
    },
  );

/** What the image's set-up took the superuser's password from. The password stays in memory. */
const PASSWORD = `
  if [ -n "$0" ]; then cat "$0"
  elif [ -n "$POSTGRES_PASSWORD" ]; then printf %s "$POSTGRES_PASSWORD"
  elif [ -n "$POSTGRES_PASSWORD_FILE" ]; then cat "$POSTGRES_PASSWORD_FILE"; fi`;

async function readPassword({ task, service }: PostgresServer): Promise<string> {
  const argv = ['sh', '-c', PASSWORD, service.passwordFile ?? ''];
  return (await execInTask(task, argv, { code: 'no-access' })).output.replace(/\r?\n$/, '');
}

/** Runs a client program of Postgres next to the server. @throws DrillError `postgres-failed`; otherwise as `execInTask` does */
export const runClient = <T = string>(
  { task, owner, environment }: PostgresServer,
  argv: readonly string[],
  { env = [], code = 'postgres-failed', ...options }: Partial<TaskExecOptions<T>> = {},
): Promise<TaskOutput<T>> =>
  execInTask(task, argv, { ...options, user: owner, env: [...environment, ...env], code });

/** Returns the argument of `--dbname` for a database of any name: client programs read one with `=` as connection options. */
export const connectionTo = (database: string): string =>
  `dbname='${database.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
