// Classifies what git and ssh print when a push to the vault fails.
import { DrillError, finding } from '../../../support/errors.ts';
import { FAILURES, classifyExit, type FailureKind } from '../../../vault/failures.ts';

const REWRITTEN: FailureKind = {
  code: 'history-rewritten',
  reason: 'its branch has commits that are not in this history',
  hint: 'Find out who rewrote the history or pushed to the vault; a branch of another name keeps both histories.',
};

/** What only git prints; the rest is common to all programs. */
const GIT_PATTERNS: readonly (readonly [RegExp, FailureKind])[] = [
  [/non-fast-forward|fetch first/, REWRITTEN],
  [/\.lock': File exists/, FAILURES.locked],
];
/** The server process of the push ended, and neither it nor ssh said why. */
const HUNG_UP = /hung up unexpectedly|unexpected disconnect|early EOF/;
const FAILED: FailureKind = { code: 'push-failed', reason: 'git failed', hint: 'Read the output of git.' };

export function classifyPushFailure(output: string): FailureKind {
  const own = GIT_PATTERNS.find(([pattern]) => pattern.test(output))?.[1];
  const otherwise = HUNG_UP.test(output) ? FAILURES.interrupted : FAILED;
  return own ?? classifyExit({ name: 'git', failures: {} }, 1, output, { otherwise });
}

/**
 * Runs `work`, and classifies the error when git fails in it.
 * @param what could not be done, as the start of the error's message
 * @throws DrillError with blame `finding`
 */
export async function explainPushFailure<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof DrillError) || !['git-failed', 'no-remote'].includes(error.code)) throw error;
    const output = error.output || error.message;
    const { code, reason, hint } = classifyPushFailure(output);
    // The error's message has the last line of git, the only reason for a failure that no pattern knows.
    throw finding(`${what}: ${code === FAILED.code ? error.message : reason}`, {
      code,
      hint,
      output,
      ...(error.command === undefined ? {} : { command: error.command }),
    });
  }
}
