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
  /**
   * Sends groups of commands over one connection, each as a transaction: its commands see the same moment. A group of one is sent as it
   * is. INFO replies with text in a transaction. @throws DrillError `refused`
   */
  readonly transactions: (...groups: readonly (readonly KeyValueCommand[])[]) => Promise<unknown[][]>;
  /** Returns one section of INFO. */
  readonly info: (section: string) => Promise<ReplyFields>;
  /** Returns settings by name (CONFIG GET). */
  readonly settings: (...names: readonly string[]) => Promise<ReplyFields>;
}

export interface Login {
  /** Default: the default user. */
  readonly user?: string;
  /** Empty for a user without one. */
  readonly password: string;
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
export function createClient(run: (input: string) => Promise<string>, login?: Login): KeyValueClient {
  const auth = login ? [['AUTH', ...(login.user === undefined ? [] : [login.user]), login.password]] : [];
  /** Returns the lines of the output that reply to `commands`. */
  const sendLines = async (commands: readonly KeyValueCommand[]): Promise<string[]> => {
    const lines = [...auth, ...commands].map((command) => `${command.map(quote).join(' ')}\n`);
    const output = (await run(lines.join(''))).trimEnd().split('\n');
    for (const line of output.slice(0, auth.length)) parseReply(line, 'AUTH');
    return output.slice(auth.length);
  };
  const send: KeyValueClient['send'] = async (...commands) => {
    const lines = await sendLines(commands);
    const replies = lines.map((line, index) => parseReply(line, commands[index]?.[0] ?? ''));
    requireReplies(replies, commands);
    return replies;
  };
  return {
    send,
    async transactions(...groups) {
      const commands = groups.flatMap((group) =>
        group.length === 1 ? group : [['MULTI'], ...group, ['EXEC']],
      );
      const lines = await sendLines(commands);
      const refused = lines.findIndex((line) => line.startsWith('error:'));
      if (refused >= 0) parseReply(lines[refused] ?? '', commands[refused]?.[0] ?? '');
      requireReplies(lines, commands);
      // The client prints the replies that queue a command in the format of that command: only the others are JSON in any case.
      let next = 0;
      return groups.map((group) => {
        next += group.length === 1 ? 1 : group.length + 2;
        const reply = parseReply(lines[next - 1] ?? '', group.length === 1 ? (group[0]?.[0] ?? '') : 'EXEC');
        return group.length === 1 ? [reply] : (reply as unknown[]);
      });
    },
    async info(section) {
      // The client prints this one reply as it is, over many lines.
      const lines = (await sendLines([['INFO', section]])).map((line) => line.trimEnd());
      if (!lines[0]?.startsWith('#')) parseReply(lines[0] ?? '', 'INFO');
      return parseInfo(lines.join('\n'));
    },
    async settings(...names) {
      const replies = (await send(...names.map((name) => ['CONFIG', 'GET', name]))) as [string, string][];
      return Object.fromEntries(replies);
    },
  };
}

/** Parses the reply of INFO: lines of `name:value`. */
export const parseInfo = (text: string): ReplyFields =>
  Object.fromEntries(
    text
      .split(/\r?\n/)
      .filter((line) => line.includes(':'))
      .map((line) => line.split(/:(.*)/, 2) as [string, string]),
  );

function requireReplies(replies: readonly unknown[], commands: readonly KeyValueCommand[]): void {
  if (replies.length !== commands.length)
    throw finding(`server: replied to ${replies.length} of ${commands.length} commands`, { code: 'refused' });
}

function parseReply(line: string, command: string | Buffer): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    throw finding(`${String(command)}: refused by the server: ${line.replace(/^error:/, '')}`, {
      code: 'refused',
      ...(/NOAUTH/.test(line) && {
        hint: 'Pass `passwordFile`, and `user` where the default user is switched off.',
      }),
    });
  }
}
