// The one way to git: never a prompt, never for ever, never a password in an error.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatSeconds, minutes, type Seconds } from '../../../support/clock.ts';
import { run } from '../../../support/command.ts';
import { DrillError, finding, reasonOf } from '../../../support/errors.ts';
import { currentSignal } from '../../../support/trace.ts';

/** How long a question to git may take … */
const LIMIT = minutes(1);
/** … and what carries a whole history, also over a slow line. */
export const TRANSFER_LIMIT = minutes(10);

/** What git takes from its environment: how it reaches a remote. */
export type GitEnvironment = Readonly<Record<string, string>>;

export interface GitOptions {
  readonly environment?: GitEnvironment;
  /** Of the error, when git fails. */
  readonly code?: string;
  readonly limit?: Seconds;
}

/**
 * Runs git in `directory` and returns what it printed; told to stop when the present work is.
 * @throws DrillError with blame `finding`: `git-failed`, or the code given; `command-missing` as it is
 */
export async function runGit(
  directory: string,
  args: readonly string[],
  { environment = {}, code = 'git-failed', limit = LIMIT }: GitOptions = {},
): Promise<string> {
  const signal = currentSignal();
  const stop = AbortSignal.any([signal, AbortSignal.timeout(limit * 1000)]);
  const running = () =>
    run('git', ['-C', directory, ...args], {
      cancelSignal: stop,
      env: {
        // A git that is started by a hook of git's would look at another repository.
        ...Object.fromEntries(
          ['GIT_DIR', 'GIT_WORK_TREE', 'GIT_INDEX_FILE'].map((name) => [name, undefined]),
        ),
        GIT_SSH_COMMAND: 'ssh -o BatchMode=yes',
        ...environment,
        GIT_TERMINAL_PROMPT: '0',
        // A question writes nothing, not even the index of a work tree in which somebody is at work.
        GIT_OPTIONAL_LOCKS: '0',
        GIT_ASKPASS: '',
        LC_ALL: 'C',
      },
    });
  try {
    return await orStopped(running(), stop, limit);
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof DrillError) || error.code !== 'command-failed') throw error;
    const output = redactPasswords(error.output ?? '');
    const subcommand = args.find((word, at) => !word.startsWith('-') && args[at - 1] !== '-c') ?? '';
    throw finding(`git ${subcommand} failed: ${lastLine(output) || redactPasswords(reasonOf(error))}`, {
      code,
      command: redactPasswords(['git', ...args].join(' ')),
      output,
    });
  }
}

/** Does not wait for git's end once it was told to: its ssh keeps its output open for as long as the remote says nothing. */
async function orStopped<T>(work: Promise<T>, stop: AbortSignal, limit: Seconds): Promise<T> {
  const stopped = new Promise<never>((_, fail) => {
    const timedOut = new DrillError(`it timed out after ${formatSeconds(limit)}`, { code: 'command-failed' });
    stop.addEventListener('abort', () => fail(timedOut), { once: true });
  });
  return Promise.race([work, stopped]);
}

/** The same; undefined when git exits with an error. */
export const tryGit = (directory: string, args: readonly string[]): Promise<string | undefined> =>
  runGit(directory, args).catch((error: unknown) => {
    if (error instanceof DrillError && error.code === 'git-failed') return undefined;
    throw error;
  });

/** Addresses without the password that may stand in them. */
export const redactPasswords = (text: string): string =>
  text.replaceAll(/(:\/\/[^/\s:@]*):[^/\s@]*@/g, '$1@');

const lastLine = (text: string): string =>
  text
    .trim()
    .split('\n')
    .at(-1)
    ?.replace(/^fatal: /, '') ?? '';

/** A directory of one's own, gone at the end. */
export interface TemporaryDirectory extends AsyncDisposable {
  readonly path: string;
}
export async function createTemporaryDirectory(): Promise<TemporaryDirectory> {
  const path = await mkdtemp(join(tmpdir(), 'swarm-drill-git-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}
