// Runs git: without prompts, with a time limit, and without passwords in errors.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatSeconds, minutes, type Seconds } from '../../../support/clock.ts';
import { runProgram } from '../../../support/command.ts';
import { DrillError, finding, reasonOf } from '../../../support/errors.ts';
import { lastLine } from '../../../support/command-reason.ts';
import { currentSignal } from '../../../support/trace.ts';

/** For commands that read a little … */
const LIMIT = minutes(1);
/** … and for those that carry a whole history, also over a slow line. */
export const TRANSFER_LIMIT = minutes(10);

/** Environment variables with which git reaches a remote. */
export type GitEnvironment = Readonly<Record<string, string>>;

export interface GitCommandOptions {
  readonly environment?: GitEnvironment;
  /** Code of the error when git fails. Default `git-failed`. */
  readonly code?: string;
  readonly limit?: Seconds;
}

/**
 * Runs git in `directory` and returns what it printed. Ends when the current work is cancelled.
 * @throws DrillError with blame `finding` when git fails; `command-missing`
 */
export async function runGit(
  directory: string,
  args: readonly string[],
  { environment = {}, code = 'git-failed', limit = LIMIT }: GitCommandOptions = {},
): Promise<string> {
  const signal = currentSignal();
  const stop = AbortSignal.any([signal, AbortSignal.timeout(limit * 1000)]);
  const running = () =>
    runProgram('git', ['-C', directory, ...args], {
      cancelSignal: stop,
      env: {
        // When a git hook started this process, git would look at the hook's repository.
        ...Object.fromEntries(
          ['GIT_DIR', 'GIT_WORK_TREE', 'GIT_INDEX_FILE'].map((name) => [name, undefined]),
        ),
        GIT_SSH_COMMAND: 'ssh -o BatchMode=yes',
        ...environment,
        GIT_TERMINAL_PROMPT: '0',
        // Reads write nothing, not even the index of a work tree that someone is working in.
        GIT_OPTIONAL_LOCKS: '0',
        GIT_ASKPASS: '',
        LC_ALL: 'C',
      },
    });
  try {
    return await endWithSignal(running(), stop, limit);
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof DrillError) || error.code !== 'command-failed') throw error;
    const output = redactPasswords(error.output ?? '');
    const subcommand = args.find((word, at) => !word.startsWith('-') && args[at - 1] !== '-c') ?? '';
    const reason = lastLine(output)?.replace(/^fatal: /, '') ?? redactPasswords(reasonOf(error));
    throw finding(`git ${subcommand}: ${reason}`, {
      code,
      command: redactPasswords(['git', ...args].join(' ')),
      output,
    });
  }
}

/** Does not wait for git to exit after the signal: its ssh keeps the output open for as long as the remote is silent. */
async function endWithSignal<T>(work: Promise<T>, stop: AbortSignal, limit: Seconds): Promise<T> {
  const stopped = new Promise<never>((_, reject) => {
    const timedOut = new DrillError(`timed out after ${formatSeconds(limit)}`, { code: 'command-failed' });
    stop.addEventListener('abort', () => reject(timedOut), { once: true });
  });
  return Promise.race([work, stopped]);
}

/** Runs git as `runGit` does, and returns undefined when git exits with an error. */
export const tryGit = (directory: string, args: readonly string[]): Promise<string | undefined> =>
  runGit(directory, args).catch((error: unknown) => {
    if (error instanceof DrillError && error.code === 'git-failed') return undefined;
    throw error;
  });

/** Removes passwords from URLs in the text. */
export const redactPasswords = (text: string): string =>
  text.replaceAll(/(:\/\/[^/\s:@]*):[^/\s@]*@/g, '$1@');

/** Removed with its contents when disposed. */
export interface TemporaryDirectory extends AsyncDisposable {
  readonly path: string;
}
export async function createTemporaryDirectory(): Promise<TemporaryDirectory> {
  const path = await mkdtemp(join(tmpdir(), 'swarm-drill-git-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}
