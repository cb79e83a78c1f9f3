// Backup programs that keep a repository at the vault: how they are run beside a volume, and what their exit codes mean to a person.
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { stripVTControlCharacters } from 'node:util';
import type { ToolOptions } from '../swarm/node.ts';
import { DrillError, finding } from '../support/errors.ts';
import { SSH, type Account } from './account.ts';
import type { Volume } from './volume.ts';

export interface Meaning {
  readonly code: string;
  readonly reason: string;
  readonly hint: string;
}

export type Meanings = Readonly<Record<number, Meaning>>;

export interface Program {
  readonly name: string;
  /** By exit code. Any other is a failure, of which the program's own words tell more. */
  readonly meanings: Meanings;
}

export interface Job extends Omit<ToolOptions, 'volumes'> {
  readonly account: Account;
  readonly volumes?: ToolOptions['volumes'];
  /** What exit codes mean of this job, where they mean something else than usual. */
  readonly meanings?: Meanings;
  /** What a failure means that neither its exit code nor its words explain. */
  readonly otherwise?: Meaning;
}

export const MEANING = {
  noRepository: {
    code: 'no-repository',
    reason: 'there is no repository at the vault',
    hint: 'see that it was not moved or removed there; a backup makes a new one, which holds nothing older',
  },
  noRecoveryPoint: {
    code: 'no-recovery-point',
    reason: 'the vault does not have this recovery point',
    hint: 'see which ones it has, and who could remove this one',
  },
  locked: {
    code: 'repository-locked',
    reason: 'somebody else has locked the repository',
    hint: 'see who holds the lock: when that one works, wait for it; unlock only when it is known to be dead',
  },
  wrongPassword: {
    code: 'wrong-password',
    reason: 'the password does not open the repository',
    hint: 'take the password that the repository was made with, from where the keys of the vault are kept',
  },
  incomplete: {
    code: 'incomplete',
    reason: 'it left something out',
    hint: 'see what it names, and do it again: this is neither a recovery point nor a restored volume',
  },
  interrupted: {
    code: 'interrupted',
    reason: 'it was interrupted',
    hint: 'do it again: what it left is neither a recovery point nor a restored volume',
  },
  damaged: {
    code: 'artifact-damaged',
    reason: 'what the vault has is not what was stored',
    hint: 'nothing was restored from it; take another recovery point, and look at the store that it lay on',
  },
  full: {
    code: 'vault-full',
    reason: "the vault's disk is full",
    hint: 'make room at the vault, then take the backup again; earlier recovery points are as they were',
  },
  refused: {
    code: 'vault-refused',
    reason: 'the vault did not let it',
    hint: 'see that key and host key are those of this vault, and what the key is good for',
  },
  unreachable: {
    code: 'vault-unreachable',
    reason: 'the connection to the vault failed',
    hint: 'see that the vault runs and that this node reaches it, then try again',
  },
} as const satisfies Record<string, Meaning>;

/** Of a process that a signal ended: interrupt, kill, terminate. */
const SIGNALLED: Meanings = {
  130: MEANING.interrupted,
  137: MEANING.interrupted,
  143: MEANING.interrupted,
};

/** What words mean where an exit code means just failure; the first that are found. */
const WORDS: readonly (readonly [RegExp, Meaning])[] = [
  [/no space left on device|disk quota exceeded/i, MEANING.full],
  [/the vault refuses|permission denied \(publickey|host key verification failed/i, MEANING.refused],
  [
    /not responding|connection (closed|reset|refused|timed out|unexpectedly closed|lost)|broken pipe|no route to host|ssh command exited/i,
    MEANING.unreachable,
  ],
  // restic that was told to stop ends with 1, whatever its manual says.
  [/signal \w+ received|context canceled/i, MEANING.interrupted],
];

/** What an exit code means, or failing that its words. */
export const meaningOf = (
  { name, meanings: usual }: Program,
  exitCode: number,
  words: string,
  { meanings, otherwise }: Pick<Job, 'meanings' | 'otherwise'> = {},
): Meaning =>
  ({ ...SIGNALLED, ...usual, ...meanings })[exitCode] ??
  WORDS.find(([pattern]) => pattern.test(words))?.[1] ??
  otherwise ?? { code: `${name}-failed`, reason: 'it failed', hint: 'its own words say why' };

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
  const { account, volumes = {}, files, meanings: _, otherwise: __, ...options } = job;
  const running = await node.tools({ ...options, volumes, files: { ...account.files, ...files } });
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
  const { code, reason, hint } = meaningOf(program, exitCode, words, job);
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
const DOOR: Program = { name: 'ssh', meanings: {} };

/** Says `words` to the vault's door. */
export const askVault = <T = string>(
  volume: Volume,
  account: Account,
  words: readonly string[],
  rest: Partial<Job> = {},
  take?: (stdout: Readable) => Promise<T>,
): Promise<T> => runTool(DOOR, volume, { account, argv: [...SSH, 'vault', ...words], ...rest }, take);

/** Runs `attempt`; where there is no repository yet, makes one first. */
export async function inRepository<T>(attempt: () => Promise<T>, make: () => Promise<unknown>): Promise<T> {
  try {
    return await attempt();
  } catch (error) {
    if (!(error instanceof DrillError && error.code === MEANING.noRepository.code)) throw error;
    await make();
    return attempt();
  }
}
