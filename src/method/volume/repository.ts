// Backup programs with a repository at the vault: how they run next to a volume, and what their exit codes mean.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { stripVTControlCharacters } from 'node:util';
import type { Account } from '../../model/account.ts';
import { SSH } from '../../vault/ssh-config.ts';
import type { Seconds } from '../../support/clock.ts';
import { lastLine } from '../../support/command-reason.ts';
import { DrillError, finding } from '../../support/errors.ts';
import type { ToolOptions } from '../../swarm/node/tool-container.ts';
import {
  FAILURES,
  classifyExit,
  type FailureKind,
  type FailuresByExitCode,
  type Program,
} from '../../vault/failures.ts';
import type { Volume } from '../container/volume.ts';

export interface ToolRun extends Omit<ToolOptions, 'volumes'> {
  readonly account: Account;
  /** Named in errors: the `backup` of `restic … backup …`. */
  readonly subcommand?: string;
  readonly volumes?: ToolOptions['volumes'];
  /** Exit codes that mean something else in this run. */
  readonly failures?: FailuresByExitCode;
  /** What a failure means that neither the exit code nor the output explains. */
  readonly otherwise?: FailureKind;
  /** Interrupts a program that shows no activity for so long, so that it prints what it waits for. Default: never. */
  readonly stallTimeout?: Seconds;
}

/** Runs in the container, since it counts what the program's processes read and write: see there. */
const WATCHDOG = readFileSync(join(import.meta.dirname, 'watchdog.py'), 'utf8');

/**
 * Runs a program of the tools image on the volume's node, to its end.
 * @param read consumes its standard output. Default: returns it as text
 * @throws DrillError with the code that its exit code or its output means, and with that output
 */
export async function runTool<T = string>(
  program: Program,
  { node }: Volume,
  run: ToolRun,
  read?: (stdout: Readable) => Promise<T>,
): Promise<T> {
  const { account, volumes = {}, files, env, input, stallTimeout } = run;
  const running = await node.startTool({
    image: 'tools',
    network: 'host',
    argv:
      stallTimeout === undefined ? run.argv : ['python3', '-c', WATCHDOG, String(stallTimeout), ...run.argv],
    volumes,
    files: { ...account.files, ...files },
    ...(env && { env }),
    ...(input !== undefined && { input }),
  });
  // Also after its output has ended: a program that does not read its whole input breaks the connection.
  running.io.on('error', () => undefined);
  const reading = ((read ?? text) as (stdout: Readable) => Promise<T>)(running.io);
  const [output, broken] = await reading.then(
    (value) => [value, undefined] as const,
    (error: unknown) => [undefined, error] as const,
  );
  if (broken instanceof DrillError) throw broken;
  const exitCode = await running.exitCode();
  if (exitCode === 0 && broken === undefined) return output as T;
  if (exitCode === 0) throw broken as Error;
  const printed = plainMessages(`${typeof output === 'string' ? output : ''}\n${running.stderr()}`);
  const { code, reason, hint } = classifyExit(program, exitCode, printed, run);
  const command = [program.name, run.subcommand].filter(Boolean).join(' ');
  const detail = lastLine(printed) ?? `exit code ${exitCode}`;
  throw finding(`${command}: ${reason}: ${detail}`, {
    code,
    hint,
    command: run.argv.join(' '),
    node: node.name,
    output: printed,
  });
}

/** Returns the messages of a program's output: without the JSON around them, progress and terminal colours. */
export function plainMessages(output: string): string {
  return stripVTControlCharacters(output)
    .split('\n')
    .flatMap((line) => {
      if (!line.startsWith('{"')) return [line];
      try {
        const { message, error, item } = JSON.parse(line) as JsonMessage;
        const said = message ?? error?.message;
        return said === undefined ? [] : [item === undefined ? said : `${item}: ${said}`];
      } catch {
        return [line];
      }
    })
    .join('\n')
    .trim();
}

interface JsonMessage {
  readonly message?: string;
  readonly error?: { readonly message?: string };
  readonly item?: string;
}

const SSH_COMMAND: Program = { name: 'ssh', failures: {} };

/** Runs a forced command of the vault, which keeps recovery points where the appending key can't reach them. */
export const runInVault = <T = string>(
  volume: Volume,
  account: Account,
  command: readonly [name: string, ...string[]],
  options: Partial<ToolRun> = {},
  read?: (stdout: Readable) => Promise<T>,
): Promise<T> =>
  runTool(
    SSH_COMMAND,
    volume,
    { account, argv: [...SSH, 'vault', ...command], subcommand: `vault ${command[0]}`, ...options },
    read,
  );

/** Runs `attempt`; when there is no repository yet, creates one and runs it again. */
export async function withRepository<T>(
  attempt: () => Promise<T>,
  create: () => Promise<unknown>,
): Promise<T> {
  try {
    return await attempt();
  } catch (error) {
    if (!(error instanceof DrillError && error.code === FAILURES.noRepository.code)) throw error;
    await create();
    return attempt();
  }
}
