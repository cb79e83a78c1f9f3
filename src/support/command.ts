// The one way to run a program of the host: execa, with errors that say what was run and what it printed.
import { execa, ExecaError, type Options } from 'execa';
import { commandName, commandReason } from './command-reason.ts';
import { DrillError } from './errors.ts';

export interface CommandOptions extends Pick<
  Options,
  'cwd' | 'env' | 'input' | 'timeout' | 'cancelSignal' | 'detached'
> {
  readonly hint?: string;
}

/**
 * Runs `file` with `args` (no shell) and returns its standard output.
 * @throws DrillError `command-failed` with both streams; `command-missing` when there is no such program.
 */
export async function runProgram(
  file: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  const { hint, ...rest } = options;
  try {
    const { stdout } = await execa(file, args, {
      stdin: 'ignore',
      ...rest,
      ...(rest.input === undefined ? {} : { stdin: 'pipe' }),
    });
    return typeof stdout === 'string' ? stdout : '';
  } catch (cause) {
    if (!(cause instanceof ExecaError)) throw cause;
    const missing = cause.code === 'ENOENT';
    const output = [cause.stdout, cause.stderr].filter((text) => typeof text === 'string').join('\n');
    const command = commandName([file, ...args]);
    throw new DrillError(
      missing
        ? `there is no program "${file}"`
        : cause.exitCode === undefined
          ? `${command}: ${cause.originalMessage ?? cause.shortMessage}`
          : commandReason(command, cause.exitCode, output),
      {
        code: missing ? 'command-missing' : 'command-failed',
        command: cause.escapedCommand,
        output,
        cause,
        ...(hint === undefined ? {} : { hint }),
      },
    );
  }
}
