// Backup programs that keep a repository at the vault: how they are run beside a volume, and what their exit codes mean to a person.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { stripVTControlCharacters } from 'node:util';
import type { ToolOptions } from '../../swarm/node.ts';
import type { Seconds } from '../../support/clock.ts';
import { DrillError, finding } from '../../support/errors.ts';
import { SSH, type Account } from '../../model/account.ts';
import {
  FAILURES,
  classifyExit,
  type FailureKind,
  type FailuresByExitCode,
  type Program,
} from '../../vault/failures.ts';
import type { Volume } from '../container/volume.ts';

export interface Job extends Omit<ToolOptions, 'volumes'> {
  readonly account: Account;
  readonly volumes?: ToolOptions['volumes'];
  /** What exit codes mean of this job, where they mean something else than usual. */
  readonly failures?: FailuresByExitCode;
  /** What a failure means that neither its exit code nor its words explain. */
  readonly otherwise?: FailureKind;
  /** For programs that may get stuck: how long without a sign of life until they are told to stop, and say why. */
  readonly patience?: Seconds;
}

const UNSTUCK = readFileSync(join(import.meta.dirname, 'watchdog.py'), 'utf8');

/**
 * Runs a program of the image that holds them all, on the volume's node, to its end.
 * @param take reads its standard output; as text when left out
 * @throws DrillError with the code of what its exit code or its words mean, and with these words
 */
export async function runTool<T = string>(
  program: Program,
  { node }: Volume,
  job: Job,
  take?: (stdout: Readable) => Promise<T>,
): Promise<T> {
  const { account, volumes = {}, files, env, input, patience } = job;
  const running = await node.tools({
    argv: patience === undefined ? job.argv : ['python3', '-c', UNSTUCK, String(patience), ...job.argv],
    volumes,
    files: { ...account.files, ...files },
    ...(env && { env }),
    ...(input !== undefined && { input }),
  });
  // Also after its output has ended: a program that doesn't want its whole input breaks the line that it would have come by.
  running.io.on('error', () => undefined);
  const taking = ((take ?? text) as (stdout: Readable) => Promise<T>)(running.io);
  const [taken, broken] = await taking.then(
    (value) => [value, undefined] as const,
    (error: unknown) => [undefined, error] as const,
  );
  if (broken instanceof DrillError) throw broken;
  const exitCode = await running.exitCode();
  if (exitCode === 0 && broken === undefined) return taken as T;
  if (exitCode === 0) throw broken as Error;
  const words = plain(`${typeof taken === 'string' ? taken : ''}\n${running.stderr()}`);
  const { code, reason, hint } = classifyExit(program, exitCode, words, job);
  throw finding(`${program.name} ended with exit code ${exitCode}: ${reason}`, {
    code,
    hint,
    command: job.argv.join(' '),
    node: node.name,
    output: words,
  });
}

/** What a program printed, without the JSON around its messages, without its counts and the terminal's colours. */
export function plain(output: string): string {
  return stripVTControlCharacters(output)
    .split('\n')
    .flatMap((line) => {
      if (!line.startsWith('{"')) return [line];
      try {
        const { message, error, item } = JSON.parse(line) as Message;
        const said = message ?? error?.message;
        return said === undefined ? [] : [item === undefined ? said : `${item}: ${said}`];
      } catch {
        return [line];
      }
    })
    .join('\n')
    .trim();
}

interface Message {
  readonly message?: string;
  readonly error?: { readonly message?: string };
  readonly item?: string;
}

/** The vault's own doors, which keep recovery points where their bringer can't reach them. */
const DOOR: Program = { name: 'ssh', failures: {} };

/** Says `words` to the vault's door. */
export const runVaultCommand = <T = string>(
  volume: Volume,
  account: Account,
  words: readonly string[],
  rest: Partial<Job> = {},
  take?: (stdout: Readable) => Promise<T>,
): Promise<T> => runTool(DOOR, volume, { account, argv: [...SSH, 'vault', ...words], ...rest }, take);

/** Runs `attempt`; where there is no repository yet, makes one first. */
export async function withRepository<T>(attempt: () => Promise<T>, make: () => Promise<unknown>): Promise<T> {
  try {
    return await attempt();
  } catch (error) {
    if (!(error instanceof DrillError && error.code === FAILURES.noRepository.code)) throw error;
    await make();
    return attempt();
  }
}
