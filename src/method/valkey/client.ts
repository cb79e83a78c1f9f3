// Sends commands to a Valkey or Redis server through the client program of its image. Commands go to the client's standard input:
// no port is needed, and no password is part of an argument list.
import { finding } from '../../support/errors.ts';

export type KeyValueCommand = readonly (string | Buffer)[];
/** Fields of a reply by name. */
export type ReplyFields = Readonly<Record<string, string>>;

/** A client of a Valkey or Redis server. */
export interface KeyValueClient {
  /** Sends commands over one connection. @returns the replies, parsed from JSON @throws DrillError `refused` */
  readonly send: (...commands: readonly KeyValueCommand[]) => Promise<unknown[]>;
  /** Returns one section of INFO. */
  readonly info: (section: string) => Promise<ReplyFields>;
  /** Returns settings by name (CONFIG GET). */
  readonly settings: (...names: readonly string[]) => Promise<ReplyFields>;
}

/** A script for `sh -c` that runs Valkey's or Redis' program: the one that the image has. */
export const execProgram = (name: 'cli' | 'server'): string =>
  `exec "$(command -v valkey-${name} || command -v redis-${name})" "$@"`;
export const CLIENT = ['sh', '-c', execProgram('cli'), 'sh', '-2', '--json'];

/** Quotes an argument for the client's standard input. Any byte is allowed. */
function quote(argument: string | Buffer): string {
  const bytes = Buffer.isBuffer(argument)
    ? argument.toString('latin1')
    : Buffer.from(argument).toString('latin1');
  return `"${bytes.replaceAll(/[^ !#-[\]-~]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16).padStart(2, '0')}`)}"`;
}

/** @param run feeds the client's standard input and returns its output */
export function createClient(run: (input: string) => Promise<string>, password?: string): KeyValueClient {
  const login = password === undefined ? [] : [['AUTH', password]];
  /** Returns the lines of the output that reply to `commands`. */
  const sendLines = async (commands: readonly KeyValueCommand[]): Promise<string[]> => {
    const lines = [...login, ...commands].map((command) => `${command.map(quote).join(' ')}\n`);
    const output = (await run(lines.join(''))).trimEnd().split('\n');
    for (const line of output.slice(0, login.length)) parseReply(line, 'AUTH');
    return output.slice(login.length);
  };
  const send: KeyValueClient['send'] = async (...commands) => {
    const lines = await sendLines(commands);
    const replies = lines.map((line, index) => parseReply(line, commands[index]?.[0] ?? ''));
    if (replies.length === commands.length) return replies;
    throw finding(`server: replied to ${replies.length} of ${commands.length} commands`, { code: 'refused' });
  };
  return {
    send,
    async info(section) {
      // The client prints this one reply as it is, over many lines.
      const lines = (await sendLines([['INFO', section]])).map((line) => line.trimEnd());
      if (!lines[0]?.startsWith('#')) parseReply(lines[0] ?? '', 'INFO');
      return Object.fromEntries(lines.map((line) => line.split(/:(.*)/, 2) as [string, string]));
    },
    async settings(...names) {
      const replies = (await send(...names.map((name) => ['CONFIG', 'GET', name]))) as [string, string][];
      return Object.fromEntries(replies);
    },
  };
}

function parseReply(line: string, command: string | Buffer): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    throw finding(`${String(command)}: refused by the server: ${line.replace(/^error:/, '')}`, {
      code: 'refused',
    });
  }
}

export interface KeyCount {
  /** In all databases. */
  readonly keys: number;
  /** Keys that never expire. */
  readonly persistentKeys: number;
}

export async function countKeys(client: KeyValueClient): Promise<KeyCount> {
  const databases = Object.entries(await client.info('keyspace')).filter(([name]) => /^db\d+$/.test(name));
  const sum = (field: string): number =>
    databases.reduce(
      (total, [, fields]) => total + Number(new RegExp(`${field}=(\\d+)`).exec(fields)?.[1] ?? 0),
      0,
    );
  return { keys: sum('keys'), persistentKeys: sum('keys') - sum('expires') };
}
