// Waits with a reason: a predicate answers done, not yet because …, or give up because …; a time-out gives the last reason.
import { setTimeout as sleep } from 'node:timers/promises';
import { type Seconds, formatSeconds, monotonic, seconds } from './clock.ts';
import { DrillError, reasonOf, type Blame } from './errors.ts';
import { currentSignal, reportWait } from './trace.ts';

export type Answer<T> =
  | { readonly done: T }
  | { readonly notYet: string }
  /** `output` is what the program printed that ended or failed. */
  | { readonly giveUp: string; readonly output?: string };

export interface WaitOptions {
  /** How long to wait at most. Default 60 s. */
  readonly limit?: Seconds;
  /** The blame of a time-out. Default `harness`. */
  readonly blame?: Blame;
}

const FIRST_PAUSE_MS = 15;
const LONGEST_PAUSE_MS = 250;

/**
 * Calls `predicate` until it is done. A predicate that throws has answered `not yet`, with the error as its reason.
 * @throws DrillError `wait-timeout` or `wait-given-up`, with the last reason; the signal's reason if stopped.
 */
export async function waitUntil<T>(
  what: string,
  predicate: () => Promise<Answer<T>>,
  { limit = seconds(60), blame = 'harness' }: WaitOptions = {},
): Promise<T> {
  const signal = currentSignal();
  const deadline = monotonic() + limit;
  let pause = FIRST_PAUSE_MS;
  let last = 'it was not asked yet';
  for (;;) {
    signal.throwIfAborted();
    let cause: unknown;
    const answer = await predicate().catch((error: unknown): Answer<T> => {
      cause = error;
      return { notYet: reasonOf(error) };
    });
    if ('done' in answer) return answer.done;
    if ('giveUp' in answer)
      throw new DrillError(`gave up waiting for ${what}: ${answer.giveUp}`, {
        code: 'wait-given-up',
        blame,
        ...(answer.output !== undefined && { output: answer.output }),
      });
    if (answer.notYet !== last) reportWait(`${what}: ${answer.notYet}`);
    last = answer.notYet;
    if (monotonic() + pause / 1000 > deadline)
      throw new DrillError(`waited ${formatSeconds(limit)} for ${what}: ${last}`, {
        code: 'wait-timeout',
        blame,
        cause,
        ...(cause instanceof DrillError && cause.output !== undefined && { output: cause.output }),
      });
    await sleep(pause, undefined, { signal }).catch(() => signal.throwIfAborted());
    pause = Math.min(pause * 1.5, LONGEST_PAUSE_MS);
  }
}
