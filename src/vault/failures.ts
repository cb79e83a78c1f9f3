// What the exit codes and words of backup programs, of ssh and of the vault mean to a person.

export interface FailureKind {
  readonly code: string;
  readonly reason: string;
  readonly hint: string;
}

export type FailuresByExitCode = Readonly<Record<number, FailureKind>>;

export interface Program {
  readonly name: string;
  /** By exit code. Any other is a failure, of which the program's own words tell more. */
  readonly failures: FailuresByExitCode;
}

export const FAILURES = {
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
  unavailable: {
    code: 'vault-unavailable',
    reason: 'the vault says that it can not serve this now',
    hint: 'look at the vault: a store says so when it has too much to do, and also when its disk is full; earlier recovery points are as they were',
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
} as const satisfies Record<string, FailureKind>;

/** Of a process that a signal ended: interrupt, kill, terminate. */
const SIGNAL_FAILURES: FailuresByExitCode = {
  130: FAILURES.interrupted,
  137: FAILURES.interrupted,
  143: FAILURES.interrupted,
};

/** What words mean where an exit code means just failure; the first that are found. */
const FAILURE_PATTERNS: readonly (readonly [RegExp, FailureKind])[] = [
  [/no space left on device|disk quota exceeded/i, FAILURES.full],
  [/reduce your request rate|service unavailable/i, FAILURES.unavailable],
  [
    /the vault refuses|access denied|permission denied \(publickey|host key verification failed/i,
    FAILURES.refused,
  ],
  [
    /not responding|connection (closed|reset|refused|timed out|unexpectedly closed|lost)|broken pipe|no route to host|ssh command exited|closed network connection|i\/o timeout/i,
    FAILURES.unreachable,
  ],
  // restic that was told to stop ends with 1, whatever its manual says.
  [/signal \w+ received|context canceled|no sign of life/i, FAILURES.interrupted],
];

/** What an exit code means, or failing that its words. */
export const classifyExit = (
  { name, failures: usual }: Program,
  exitCode: number,
  words: string,
  { failures, otherwise }: { readonly failures?: FailuresByExitCode; readonly otherwise?: FailureKind } = {},
): FailureKind =>
  ({ ...SIGNAL_FAILURES, ...usual, ...failures })[exitCode] ??
  FAILURE_PATTERNS.find(([pattern]) => pattern.test(words))?.[1] ??
  otherwise ?? { code: `${name}-failed`, reason: 'it failed', hint: 'its own words say why' };
