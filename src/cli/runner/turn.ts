// One run at a time on a machine: nights that overlap would slow each other down, and their times would say nothing.
import { join } from 'node:path';
import { cacheDirectory } from '../../lab/image/cache.ts';
import { formatSeconds, type Seconds } from '../../support/clock.ts';
import { labFailure } from '../../support/errors.ts';
import { withLock } from '../../support/lock.mjs';

/** The code of the error when another run stays active: see `EXIT.busy`. */
export const BUSY = 'busy';

/**
 * Takes the turn of this machine, for all runs that use the same cache directory. The kernel gives it back when the process dies.
 * @param wait how long to wait for another run; undefined: start next to it, with a notice
 * @throws DrillError `busy` if another run is still active then; nothing was started
 */
export async function takeTurn(
  wait: Seconds | undefined,
  print: (text: string) => void,
): Promise<AsyncDisposable> {
  const give = Promise.withResolvers<undefined>();
  const stop = new AbortController();
  const timer = wait === undefined || wait === 0 ? undefined : setTimeout(() => stop.abort(), wait * 1000);
  try {
    await new Promise<void>((taken, failed) => {
      withLock(join(cacheDirectory(), 'run'), () => (taken(), give.promise), {
        signal: stop.signal,
        waiting() {
          if (timer)
            print(`another run is active on this machine: waiting for up to ${formatSeconds(wait ?? 0)}`);
          else stop.abort();
        },
      }).catch(failed);
    });
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    if (wait !== undefined) throw busy(wait);
    print(
      'another run is active on this machine: times of both are longer than usual (--wait lets one wait)',
    );
  } finally {
    clearTimeout(timer);
  }
  return {
    async [Symbol.asyncDispose]() {
      give.resolve(undefined);
    },
  };
}

const busy = (wait: Seconds): Error =>
  labFailure(
    wait === 0
      ? 'another run is active on this machine'
      : `another run was still active on this machine after ${formatSeconds(wait)}`,
    {
      code: BUSY,
      hint: 'Start it later, or allow more minutes with --wait. Nothing was started.',
    },
  );
