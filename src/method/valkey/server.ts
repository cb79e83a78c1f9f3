// A Valkey or Redis server (7 or newer): the one of a service, and the one that proves what was restored before the service may start.
import { minutes, seconds } from '../../support/clock.ts';
import { finding } from '../../support/errors.ts';
import { waitUntil } from '../../support/poll.ts';
import { step } from '../../support/trace.ts';
import { withSidecarServer, type SidecarServer } from '../container/sidecar.ts';
import type { TextMetadata } from '../../model/method.ts';
import {
  findDataDirectory,
  findTask,
  execInTask,
  type ServiceRef,
  type ServiceTask,
} from '../container/task.ts';
import { CLIENT, program, speaker, type KeyValueServer } from './client.ts';
import type { Volume } from '../container/volume.ts';

export interface KeyValueService extends ServiceRef {
  /** The file in the container that holds the default user's password; left out where there is none. */
  readonly passwordFile?: string;
}

/** The server of a service, in its running container. */
export interface ServiceServer extends KeyValueServer {
  readonly task: ServiceTask;
}

export async function keyValueServer({ passwordFile, ...service }: KeyValueService): Promise<ServiceServer> {
  const task = await findTask(service);
  const password =
    passwordFile === undefined
      ? undefined
      : (await execInTask(task, ['cat', passwordFile], { code: 'no-password' })).output.trimEnd();
  const run = async (input: string): Promise<string> =>
    (await execInTask(task, CLIENT, { input, code: 'refused' })).output;
  return { task, ...speaker(run, password) };
}

/** How many keys there are in all databases, and how many of them never expire. */
async function keysOf(server: KeyValueServer): Promise<{ keys: number; lasting: number }> {
  const databases = Object.entries(await server.info('keyspace')).filter(([name]) => /^db\d+$/.test(name));
  const sum = (field: string): number =>
    databases.reduce(
      (total, [, facts]) => total + Number(new RegExp(`${field}=(\\d+)`).exec(facts)?.[1] ?? 0),
      0,
    );
  return { keys: sum('keys'), lasting: sum('keys') - sum('expires') };
}

const FILES = ['dir', 'dbfilename', 'appendonly', 'appenddirname', 'appendfilename'] as const;

/**
 * What a restore must know of the server: where its files lie and what they are called, and how much it held.
 * @throws DrillError `empty-server` when that is nothing
 */
export async function claimOf(
  server: ServiceServer,
): Promise<TextMetadata & Record<(typeof FILES)[number], string>> {
  const files = (await server.settings(...FILES)) as Record<(typeof FILES)[number], string>;
  const { keys, lasting } = await keysOf(server);
  if (keys === 0)
    throw finding(`the server of ${server.task.service} has no key: its backup would hold nothing`, {
      code: 'empty-server',
      node: server.task.node.name,
      hint: 'see that this is the service that the application writes to',
    });
  return {
    ...(await findDataDirectory(server.task, files.dir)),
    ...files,
    keys: String(keys),
    lasting: String(lasting),
  };
}

export interface Loaded {
  /** How many keys the server held that was started on what was restored. */
  readonly keys: number;
}

/**
 * Starts a server that nobody else reaches on what was put into the volume, and waits until it has loaded it.
 * @param appendonly whether it loads the AOF (`yes`) or the RDB file (`no`)
 * @param afterwards what else it has to do before it is ended
 */
export async function proveLoaded(
  volume: Volume,
  claim: TextMetadata,
  appendonly: 'yes' | 'no',
  afterwards: (server: KeyValueServer, until: SidecarServer['until']) => Promise<void> = async () => {},
): Promise<Loaded> {
  const { image = '', owner = '', path = '', lasting = '' } = claim;
  const settings = ['dbfilename', 'appenddirname', 'appendfilename'].flatMap((name) => [
    `--${name}`,
    claim[name] ?? '',
  ]);
  const server = {
    image,
    user: owner,
    argv: [
      ...['sh', '-c', program('server'), 'sh', '--port', '0', '--unixsocket', '/tmp/socket', '--save', ''],
      ...['--dir', `/volume/${path}`, '--appendonly', appendonly, ...settings],
    ],
    volumes: { [volume.name]: '/volume' },
    signal: 'SIGTERM',
    limit: minutes(60),
    code: 'not-loaded',
  };
  return step('a server loads it', () =>
    withSidecarServer(volume.node, server, async ({ run, until }) => {
      const speaking = speaker((input) => run([...CLIENT, '-s', '/tmp/socket'], input));
      await until('the server to load its data', async () => {
        const { loading, loading_loaded_perc: part } = await speaking.info('persistence');
        return loading === '0' ? { done: true } : { notYet: `${part ?? 0} % loaded` };
      });
      const { keys } = await keysOf(speaking);
      if (keys === 0 && Number(lasting) > 0)
        throw finding(`the server loaded no key, and there were ${lasting} that never expire`, {
          code: 'not-loaded',
        });
      await afterwards(speaking, until);
      return { keys };
    }),
  );
}

/** How long a server may take to write all that it holds. */
export const WRITING = minutes(30);
const REFUSED_FOR = seconds(60);

/** Waits until the server has agreed to `command`, which it does not while it is writing something else. */
export const agreed = (server: KeyValueServer, ...command: readonly string[]): Promise<void> =>
  waitUntil(
    `the server to agree to ${command.join(' ')}`,
    async () => {
      try {
        await server.ask(command);
        return { done: undefined };
      } catch (error) {
        const { message } = error as Error;
        return /in progress|child/i.test(message) ? { notYet: message } : { giveUp: message };
      }
    },
    { limit: REFUSED_FOR, blame: 'finding' },
  );
