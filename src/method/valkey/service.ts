// A Valkey or Redis server (7 or newer) that runs as a service.
import { z } from 'zod';
import type { Limit } from '../../model/method.ts';
import { minutes, seconds } from '../../support/clock.ts';
import { waitUntil } from '../../support/poll.ts';
import { findDataDirectory, dataDirectory } from '../container/data-directory.ts';
import { findTask, execInTask, type ServiceRef, type ServiceTask } from '../container/task.ts';
import { CLIENT, createClient, type KeyValueClient } from './client.ts';
import { keyValueContents } from './contents.ts';
import { requireSupported } from './preflight.ts';
import { findSettingsFiles } from './settings-files.ts';

/** The service of a Valkey or Redis server. */
export interface KeyValueService extends ServiceRef {
  /** Who the backup logs in as. Default: the default user. It needs the permission for every command. */
  readonly user?: string;
  /** The file in the container that holds the user's password. Omit it when there is no password. */
  readonly passwordFile?: string;
}

/** A client of a service's server, run in its task. */
export interface ServiceClient extends KeyValueClient {
  readonly task: ServiceTask;
}

/** Returns a client of the service's running server. @throws DrillError `not-running`, `no-password` */
export async function openKeyValueClient({
  user,
  passwordFile,
  ...service
}: KeyValueService): Promise<ServiceClient> {
  const task = await findTask(service);
  const password =
    passwordFile === undefined
      ? ''
      : (await execInTask(task, ['cat', passwordFile], { code: 'no-password' })).output.trimEnd();
  const login =
    user === undefined && passwordFile === undefined
      ? undefined
      : { password, ...(user !== undefined && { user }) };
  const run = async (input: string): Promise<string> =>
    (await execInTask(task, CLIENT, { input, code: 'refused' })).output;
  return { task, ...createClient(run, login) };
}

const fileName = z.string().min(1);

/** Where the server's files are and what they are called, and the settings that its data depends on. */
export const serverDescription = dataDirectory.extend({
  /** The data directory in the container. */
  dir: z.string().startsWith('/'),
  dbfilename: fileName,
  appendonly: z.enum(['yes', 'no']),
  appenddirname: fileName,
  appendfilename: fileName,
  /** How many databases it has room for. */
  databases: z.coerce.number().int().positive(),
  /** Its own files of settings and users in the data directory, which would be lost with it; relative to that directory. */
  settingsFiles: z.array(fileName),
});
export type ServerDescription = z.infer<typeof serverDescription>;

const SETTINGS = Object.keys(
  serverDescription.pick({
    dir: true,
    dbfilename: true,
    appendonly: true,
    appenddirname: true,
    appendfilename: true,
    databases: true,
  }).shape,
);

/** The server, and what it held at the moment of the backup. */
export const keyValueMetadata = serverDescription.extend({
  contents: keyValueContents,
  /** How many changes there may have been between the count and the moment of the backup; nearly always 0. */
  changes: z.int().nonnegative(),
});
export type KeyValueMetadata = z.infer<typeof keyValueMetadata>;

/** Limit of every copy of a server's data files. */
export const DATA_ONLY: Limit = {
  sentence:
    'settings and users of the server that are not in files of its data directory: they are in its command, its secrets and its image',
};

/**
 * Returns what a restore needs to know about the server.
 * @throws DrillError `empty-server`, `modules-loaded`, `cluster-mode` before anything is stored
 */
export async function describeServer(client: ServiceClient): Promise<ServerDescription> {
  await requireSupported(client);
  const settings = await client.settings(...SETTINGS);
  const directory = await findDataDirectory(client.task, settings['dir'] ?? '');
  const settingsFiles = await findSettingsFiles(client, settings['dir'] ?? '');
  return serverDescription.parse({ ...directory, ...settings, settingsFiles });
}

/** How long a server may take to write all of its data. */
export const WRITE_LIMIT = minutes(30);
const BUSY_LIMIT = seconds(60);

/** Calls `send` until the server accepts it: it refuses to write something while it is writing something else. */
export const whenIdle = <T>(what: string, send: () => Promise<T>): Promise<T> =>
  waitUntil(
    `the server to accept ${what}`,
    async () => {
      try {
        return { done: await send() };
      } catch (error) {
        const { message } = error as Error;
        return /in progress|child/i.test(message) ? { notYet: message } : { giveUp: message };
      }
    },
    { limit: BUSY_LIMIT, blame: 'finding' },
  );
