// Speaks to a Valkey or Redis server through the client program of its own image, which is fed with commands: no port is needed, and no
// password stands in a list of arguments.
import { finding } from '../../support/errors.ts';

export type Command = readonly (string | Buffer)[];
export type Answers = Readonly<Record<string, string>>;

export interface KeyValueServer {
  /** Sends commands over one connection. @returns the answers, as JSON has them @throws DrillError `refused` */
  readonly ask: (...commands: readonly Command[]) => Promise<unknown[]>;
  readonly info: (section: string) => Promise<Answers>;
  readonly settings: (...names: readonly string[]) => Promise<Answers>;
}

/** For `sh -c`: the program of whichever of the two the image has. */
export const program = (name: string): string =>
  `exec "$(command -v valkey-${name} || command -v redis-${name})" "$@"`;
export const CLIENT = ['sh', '-c', program('cli'), 'sh', '-2', '--json'];

/** An argument for the client's standard input, any byte allowed. */
function quoted(argument: string | Buffer): string {
  const bytes = Buffer.isBuffer(argument)
    ? argument.toString('latin1')
    : Buffer.from(argument).toString('latin1');
  return `"${bytes.replaceAll(/[^ !#-[\]-~]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16).padStart(2, '0')}`)}"`;
}

/** @param run feeds the client's standard input and returns its output */
export function speaker(run: (input: string) => Promise<string>, password?: string): KeyValueServer {
  const login = password === undefined ? [] : [['AUTH', password]];
  /** Lines of the output that answer `commands`. */
  const spoken = async (commands: readonly Command[]): Promise<string[]> => {
    const lines = [...login, ...commands].map((command) => `${command.map(quoted).join(' ')}\n`);
    const output = (await run(lines.join(''))).trimEnd().split('\n');
    for (const line of output.slice(0, login.length)) answerOf(line, 'AUTH');
    return output.slice(login.length);
  };
  const ask: KeyValueServer['ask'] = async (...commands) => {
    const lines = await spoken(commands);
    const answers = lines.map((line, index) => answerOf(line, commands[index]?.[0] ?? ''));
    if (answers.length === commands.length) return answers;
    throw finding(`the server answered ${answers.length} of ${commands.length} commands`, {
      code: 'refused',
    });
  };
  return {
    ask,
    async info(section) {
      // The client prints this one answer as it is, over many lines.
      const lines = (await spoken([['INFO', section]])).map((line) => line.trimEnd());
      if (!lines[0]?.startsWith('#')) answerOf(lines[0] ?? '', 'INFO');
      return Object.fromEntries(lines.map((line) => line.split(/:(.*)/, 2) as [string, string]));
    },
    async settings(...names) {
      const answers = (await ask(...names.map((name) => ['CONFIG', 'GET', name]))) as [string, string][];
      return Object.fromEntries(answers);
    },
  };
}

function answerOf(line: string, command: string | Buffer): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    throw finding(`the server refused ${String(command)}: ${line.replace(/^error:/, '')}`, {
      code: 'refused',
    });
  }
}
