// A way that is known not to work, tried on purpose: a drill proves that it fails, and why, before it takes the way that works.
import { finding, reasonOf } from '../support/errors.ts';
import { currentSignal, step } from '../support/trace.ts';
import { withCleanup } from '../support/with-cleanup.ts';
import { seconds } from '../support/clock.ts';

/** What came of the attempt. */
export interface Attempt {
  /** E.g. `restore raft/ only`. */
  readonly what: string;
  /** Why it failed. */
  readonly reason: string;
}

/** How long it may take to put things back in order. */
const CLEANUP_LIMIT = seconds(120);

/**
 * Runs `body`, which has to fail, and returns the reason.
 * @param cleanup puts in order what the attempt leaves, also when it did not fail
 * @throws DrillError `worked-anyway`, a finding, if `body` succeeds
 */
export async function attemptInVain(
  what: string,
  body: () => Promise<unknown>,
  cleanup: () => Promise<unknown> = async () => undefined,
): Promise<Attempt> {
  return withCleanup(
    () =>
      step(`attempt: ${what}`, async () => {
        const reason = await body().then(
          () => undefined,
          (error: unknown) => reasonOf(error),
        );
        currentSignal().throwIfAborted();
        if (reason === undefined)
          throw finding(`${what}: expected this to fail, and it worked`, {
            code: 'worked-anyway',
            hint: 'Change the drill: this way has become one that can be used.',
          });
        return { what, reason };
      }),
    cleanup,
    { code: 'not-put-in-order', limit: CLEANUP_LIMIT },
  );
}
