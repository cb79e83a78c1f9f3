// A Valkey or Redis server (7 or newer) that runs as a service.
import { z } from 'zod';
import type { Limit } from '../../model/method.ts';
import { minutes, seconds } from '../../support/clock.ts';
import { finding } from '../../support/errors.ts';
import { waitUntil } from '../../support/poll.ts';
import { findDataDirectory, dataDirectory } from '../container/data-directory.ts';
import { findTask, execInTask, type ServiceRef, type ServiceTask } from '../container/task.ts';
import { CLIENT, countKeys, createClient, type KeyValueClient } from './client.ts';

/** The service of a Valkey or Redis server. */
export interface KeyValueService extends ServiceRef {
  /** The file in the container that holds the default user's password. Omit it when there is no password. */
  readonly passwordFile?: string;
}

/** A client of a service's server, run in its task. */
export interface ServiceClient extends KeyValueClient {
  readonly task: ServiceTask;
}

/** Returns a client of the service's running server. @throws DrillError `not-running`, `no-password` */
export async function openKeyValueClient({
  passwordFile,
  ...service
}: KeyValueService): Promise<ServiceClient> {
  const task = await findTask(service);
  const password =
    passwordFile === undefined
      ? undefined
      : (await execInTask(task, ['cat', passwordFile], { code: 'no-password' })).output.trimEnd();
  const run = async (input: string): Promise<string> =>
    (await execInTask(task, CLIENT, { input, code: 'refused' })).output;
  return { task, ...createClient(run, password) };
}

const FILE_SETTINGS = ['dir', 'dbfilename', 'appendonly', 'appenddirname', 'appendfilename'] as const;
const fileName = z.string().min(1);

/** Where the server's files are and what they are called, and how many keys it had. */
export const keyValueMetadata = dataDirectory.extend({
  /** The data directory in the container. */
  dir: z.string().startsWith('/'),
  dbfilename: fileName,
  appendonly: z.enum(['yes', 'no']),
  appenddirname: fileName,
  appendfilename: fileName,
  keys: z.int().positive(),
  persistentKeys: z.int().nonnegative(),
});
export type KeyValueMetadata = z.infer<typeof keyValueMetadata>;

/** Limit of every copy of a server's data files. */
export const DATA_ONLY: Limit = {
  sentence: 'settings, users and modules of the server: they are in its command, its files and its image',
};

/** Returns what a restore needs to know about the server. @throws DrillError `empty-server` when it has no key */
export async function describeServer(client: ServiceClient): Promise<KeyValueMetadata> {
  const files = await client.settings(...FILE_SETTINGS);
  const count = await countKeys(client);
  if (count.keys === 0)
    throw finding(`${client.task.service}: the server has no keys, so there is nothing to back up`, {
      code: 'empty-server',
      node: client.task.node.name,
      hint: 'Check that this is the service that the application writes to.',
    });
  const directory = await findDataDirectory(client.task, files['dir'] ?? '');
  return keyValueMetadata.parse({ ...directory, ...files, ...count });
}

/** How long a server may take to write all of its data. */
export const WRITE_LIMIT = minutes(30);
const BUSY_LIMIT = seconds(60);

/** Sends a command that the server refuses while it is writing something else, until the server accepts it. */
export const sendWhenIdle = (client: KeyValueClient, command: 'BGSAVE'): Promise<void> =>
  waitUntil(
    `the server to accept ${command}`,
    async () => {
      try {
        await client.send([command]);
        return { done: undefined };
      } catch (error) {
        const { message } = error as Error;
        return /in progress|child/i.test(message) ? { notYet: message } : { giveUp: message };
      }
    },
    { limit: BUSY_LIMIT, blame: 'finding' },
  );
