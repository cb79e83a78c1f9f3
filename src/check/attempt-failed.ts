// Whether a way that is known not to work failed as it is known to.
import type { Check } from '../model/check.ts';

/**
 * Returns the check that a procedure which is known not to work failed, and for the known reason.
 * @param attempt what `recoveries.attemptInVain` returned
 * @param expected what its reason has to match
 */
export const attemptFailed = (
  attempt: { readonly what: string; readonly reason: string },
  expected: RegExp,
): Check => ({
  name: `fails: ${attempt.what}`,
  required: true,
  doesNotProve: 'that it fails on other versions of the engine',
  covers: [],
  observe: () =>
    Promise.resolve({
      compared: 1,
      differences: expected.test(attempt.reason)
        ? []
        : [`expected it to fail with ${String(expected)}, got: ${attempt.reason}`],
      detail: attempt.reason,
    }),
});
