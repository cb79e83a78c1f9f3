// The one way to git: never a prompt, never for ever, never a password in an error.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { minutes, type Seconds } from '../../support/clock.ts';
import { run } from '../../support/command.ts';
import { DrillError, finding, reasonOf } from '../../support/errors.ts';

/** How long a question to git may take … */
const LIMIT = minutes(1);
/** … and what carries a whole history, also over a slow line. */
export const TRANSFER = minutes(10);

/** What git takes from its environment: how it reaches a remote. */
export type GitEnvironment = Readonly<Record<string, string>>;

export interface GitOptions {
  readonly environment?: GitEnvironment;
  /** Of the error, when git fails. */
  readonly code?: string;
  readonly limit?: Seconds;
}

/**
 * Runs git in `directory` and returns what it printed.
 * @throws DrillError with blame `finding`: `git-failed`, or the code given; `command-missing` as it is
 */
export async function git(
  directory: string,
  args: readonly string[],
  { environment = {}, code = 'git-failed', limit = LIMIT }: GitOptions = {},
): Promise<string> {
  try {
    return await run('git', ['-C', directory, ...args], {
      timeout: limit * 1000,
      env: {
        // A git that is started by a hook of git's would look at another repository.
        ...Object.fromEntries(
          ['GIT_DIR', 'GIT_WORK_TREE', 'GIT_INDEX_FILE'].map((name) => [name, undefined]),
        ),
        GIT_SSH_COMMAND: 'ssh -o BatchMode=yes',
        ...environment,
        GIT_TERMINAL_PROMPT: '0',
        GIT_ASKPASS: '',
        LC_ALL: 'C',
      },
    });
  } catch (error) {
    if (!(error instanceof DrillError) || error.code !== 'command-failed') throw error;
    const output = withoutPassword(error.output ?? '');
    const subcommand = args.find((word, at) => !word.startsWith('-') && args[at - 1] !== '-c') ?? '';
    throw finding(`git ${subcommand} failed: ${lastLine(output) || withoutPassword(reasonOf(error))}`, {
      code,
      command: withoutPassword(['git', ...args].join(' ')),
      output,
    });
  }
}

/** The same; undefined when git exits with an error. */
export const gitAnswer = (directory: string, args: readonly string[]): Promise<string | undefined> =>
  git(directory, args).catch((error: unknown) => {
    if (error instanceof DrillError && error.code === 'git-failed') return undefined;
    throw error;
  });

/** Addresses without the password that may stand in them. */
export const withoutPassword = (text: string): string =>
  text.replaceAll(/(:\/\/[^/\s:@]*):[^/\s@]*@/g, '$1@');

const lastLine = (text: string): string =>
  text
    .trim()
    .split('\n')
    .at(-1)
    ?.replace(/^fatal: /, '') ?? '';

/** A directory of one's own, gone at the end. */
export interface Place extends AsyncDisposable {
  readonly path: string;
}
export async function temporaryPlace(): Promise<Place> {
  const path = await mkdtemp(join(tmpdir(), 'swarm-drill-git-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}
