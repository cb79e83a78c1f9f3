// What git and ssh say when the vault does not take what is pushed to it, and what that means to a person.
import { DrillError, finding } from '../../../support/errors.ts';
import { FAILURES, classifyExit, type FailureKind } from '../../../vault/failures.ts';

const REWRITTEN: FailureKind = {
  code: 'history-rewritten',
  reason: 'its branch has commits that this history has not',
  hint: 'see who rewrote the history, or pushed to the vault; a branch of another name keeps both histories',
};

/** Git's own words; what is left are those that all programs share. */
const WORDS: readonly (readonly [RegExp, FailureKind])[] = [
  [/non-fast-forward|fetch first/, REWRITTEN],
  [/\.lock': File exists/, FAILURES.locked],
];
/** Whoever serves the push ended, and neither it nor ssh said why. */
const HUNG_UP = /hung up unexpectedly|unexpected disconnect|early EOF/;
const FAILED: FailureKind = { code: 'push-failed', reason: 'git failed', hint: 'its own words say why' };

/** What these words of git and ssh mean. */
export function classifyPushFailure(words: string): FailureKind {
  const own = WORDS.find(([pattern]) => pattern.test(words))?.[1];
  const otherwise = HUNG_UP.test(words) ? FAILURES.interrupted : FAILED;
  return own ?? classifyExit({ name: 'git', failures: {} }, 1, words, { otherwise });
}

/**
 * Runs `work`; where git fails in it, says what that means.
 * @param what has become of it then
 * @throws DrillError with blame `finding`
 */
export async function explainPushFailure<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof DrillError) || !['git-failed', 'no-remote'].includes(error.code)) throw error;
    const output = error.output || error.message;
    const { code, reason, hint } = classifyPushFailure(output);
    throw finding(`${what}: ${reason}`, {
      code,
      hint,
      output,
      ...(error.command === undefined ? {} : { command: error.command }),
    });
  }
}
