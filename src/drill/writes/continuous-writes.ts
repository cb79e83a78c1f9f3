// Keeps writing through the workload's client while the disaster, the outage and the restore happen, and records every attempt in the
// journal: reports measure from them how long the workload was unavailable.
import { setTimeout as sleep } from 'node:timers/promises';
import { continuousId } from '../../model/own-writes.ts';
import { orAborted } from '../../support/abort.ts';
import { seconds, type Seconds } from '../../support/clock.ts';
import { reasonOf } from '../../support/errors.ts';
import { waitUntil } from '../../support/poll.ts';
import { withTrace, type TraceSink } from '../../support/trace.ts';
import type { Journal } from '../journal.ts';
import type { Application } from '../plan.ts';

export interface Pace {
  /** Least time between two attempts. The pause is as long as the last attempt took, so that a slow client takes half of the time at most. */
  readonly shortestPause: Seconds;
  /** Most time between two attempts: a gap is measured to within this time. */
  readonly longestPause: Seconds;
  /** After this time without an answer, an attempt has failed. */
  readonly limit: Seconds;
}

const PACE: Pace = { shortestPause: seconds(0.2), longestPause: seconds(0.5), limit: seconds(2) };

/** How many writes must be acknowledged before the disaster: without them a gap would have no beginning. */
const STEADY_WRITES = 5;
const STEADY_LIMIT = seconds(30);

/** Waits and steps of the client belong to no step of the drill: they happen next to all of them. */
const SILENT: TraceSink = { stepStarted() {}, stepEnded() {}, waiting() {} };

export interface AcknowledgedWrite {
  readonly id: string;
  /** Whether it was made through the restored application. */
  readonly afterRestore: boolean;
}

/** Writes until it is stopped, one attempt after the other. */
export class ContinuousWrites implements AsyncDisposable {
  readonly #journal: Pick<Journal, 'write' | 'now'>;
  readonly #pace: Pace;
  readonly #stop = new AbortController();
  readonly #acknowledged: AcknowledgedWrite[] = [];
  readonly #loop: Promise<void>;
  #app: Application;
  #lastError: string | undefined;
  #isRestored = false;
  #redirect = new AbortController();

  /** Starts at once. */
  constructor(journal: Pick<Journal, 'write' | 'now'>, app: Application, pace: Pace = PACE) {
    this.#journal = journal;
    this.#app = app;
    this.#pace = pace;
    this.#loop = this.#run();
  }

  /** The writes that were acknowledged so far. */
  get acknowledged(): readonly AcknowledgedWrite[] {
    return this.#acknowledged;
  }

  /** Waits until the workload has acknowledged several writes. @throws DrillError `wait-timeout` with the last error */
  async steady(): Promise<void> {
    let last = 'none was acknowledged yet';
    await waitUntil(
      `${STEADY_WRITES} acknowledged writes`,
      async () => {
        last = this.#lastError ?? last;
        return this.#acknowledged.length >= STEADY_WRITES
          ? { done: true }
          : { notYet: `${this.#acknowledged.length}: ${last}` };
      },
      { limit: STEADY_LIMIT },
    );
  }

  /** Writes through `app` from now on. The attempt that is under way is given up, and counts as failed. */
  continueThrough(app: Application): void {
    this.#app = app;
    const before = this.#redirect;
    this.#redirect = new AbortController();
    before.abort(new Error('no answer until the writes went on through another client'));
  }

  /** The same, through what `restore` returned: writes that are acknowledged from now on must not be lost. */
  continueThroughRestored(app: Application): void {
    this.#isRestored = true;
    this.continueThrough(app);
  }

  /** Makes no further attempt. One that is under way is dropped: that it has no answer says nothing about the workload. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#loop;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #run(): Promise<void> {
    const { shortestPause, longestPause } = this.#pace;
    const { signal } = this.#stop;
    for (let attempt = 1; !signal.aborted; attempt++) {
      const took = await this.#attempt(continuousId(attempt));
      const pause = Math.min(Math.max(took, shortestPause), longestPause);
      await sleep(pause * 1000, undefined, { signal }).catch(() => undefined);
    }
  }

  /** @returns the seconds that it took */
  async #attempt(id: string): Promise<number> {
    const { limit } = this.#pace;
    const timeout = new AbortController();
    const timer = setTimeout(() => timeout.abort(new Error(`no answer within ${limit} s`)), limit * 1000);
    const signal = AbortSignal.any([this.#stop.signal, this.#redirect.signal, timeout.signal]);
    const started = this.#journal.now();
    const [app, afterRestore] = [this.#app, this.#isRestored];
    const error = await withTrace(SILENT, signal, () =>
      orAborted(signal, async () => app.write(id)).then(() => null, reasonOf),
    );
    clearTimeout(timer);
    const ended = this.#journal.now();
    if (error === null) this.#acknowledged.push({ id, afterRestore });
    else if (this.#stop.signal.aborted) return 0;
    this.#lastError = error ?? undefined;
    this.#journal.write({ event: 'attempt', id, started, seconds: ended - started, error });
    return ended - started;
  }
}
