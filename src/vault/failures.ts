// Classifies the exit codes and the output of backup programs, ssh and the vault.

export interface FailureKind {
  readonly code: string;
  readonly reason: string;
  readonly hint: string;
}

export type FailuresByExitCode = Readonly<Record<number, FailureKind>>;

export interface Program {
  readonly name: string;
  /** By exit code. Any other code is a failure that only the program's output explains. */
  readonly failures: FailuresByExitCode;
}

export const FAILURES = {
  noRepository: {
    code: 'no-repository',
    reason: 'the vault has no repository',
    hint: 'Check whether it was moved or removed there. A backup creates a new one, without older recovery points.',
  },
  noRecoveryPoint: {
    code: 'no-recovery-point',
    reason: 'the vault does not have this recovery point',
    hint: 'List its recovery points, and find out who could remove this one.',
  },
  locked: {
    code: 'repository-locked',
    reason: 'the repository is locked',
    hint: 'Find the process that holds the lock. Wait for it if it runs; unlock only if it is known to be dead.',
  },
  wrongPassword: {
    code: 'wrong-password',
    reason: 'the password does not open the repository',
    hint: "Use the password that the repository was created with, from where the vault's keys are kept.",
  },
  incomplete: {
    code: 'incomplete',
    reason: 'the program left something out',
    hint: 'Fix what its output names and repeat: the result is neither a recovery point nor a restored volume.',
  },
  interrupted: {
    code: 'interrupted',
    reason: 'the program was interrupted',
    hint: 'Repeat: what it left is neither a recovery point nor a restored volume.',
  },
  damaged: {
    code: 'artifact-damaged',
    reason: 'the vault returns other data than was stored',
    hint: "Nothing was restored from it. Restore another recovery point, and check the vault's disk.",
  },
  full: {
    code: 'vault-full',
    reason: "the vault's disk is full",
    hint: 'Free space in the vault and repeat the backup. Earlier recovery points are unchanged.',
  },
  unavailable: {
    code: 'vault-unavailable',
    reason: 'the vault can not serve the request now',
    hint: 'Check the vault: an object store answers so when it is overloaded, and also when its disk is full. Earlier recovery points are unchanged.',
  },
  refused: {
    code: 'vault-refused',
    reason: 'the vault refused access',
    hint: 'Check that key and host key belong to this vault, and what the key permits.',
  },
  unreachable: {
    code: 'vault-unreachable',
    reason: 'the connection to the vault failed',
    hint: 'Check that the vault runs and that this node reaches it, then repeat.',
  },
} as const satisfies Record<string, FailureKind>;

/** Exit codes of a process that a signal ended: interrupt, kill, terminate. */
const SIGNAL_FAILURES: FailuresByExitCode = {
  130: FAILURES.interrupted,
  137: FAILURES.interrupted,
  143: FAILURES.interrupted,
};

/** By output, where the exit code says only that the program failed; the first pattern that matches. */
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
  // restic ends with 1 when it is interrupted, in contrast to its manual.
  [/signal \w+ received|context canceled|no activity for/i, FAILURES.interrupted],
];

/** Returns what an exit code means, or else what the output means. */
export const classifyExit = (
  { name, failures: usual }: Program,
  exitCode: number,
  output: string,
  { failures, otherwise }: { readonly failures?: FailuresByExitCode; readonly otherwise?: FailureKind } = {},
): FailureKind =>
  ({ ...SIGNAL_FAILURES, ...usual, ...failures })[exitCode] ??
  FAILURE_PATTERNS.find(([pattern]) => pattern.test(output))?.[1] ??
  otherwise ?? { code: `${name}-failed`, reason: 'the program failed', hint: 'See its output.' };
