// Clean-up of a drill: the undo is registered before the doing, every undo runs, every error is kept, and the time limit is its own.
import { type Seconds, formatSeconds, seconds } from './clock.ts';
import { DrillError } from './errors.ts';
import { step, withSignal } from './trace.ts';

const DEFAULT_LIMIT = seconds(60);

/** A stack of undos, which adds to `AsyncDisposableStack` a time limit for each undo, a step in the journal, and a list of errors. */
export class Scope implements AsyncDisposable {
  readonly #undos = new AsyncDisposableStack();
  readonly #errors: Error[] = [];
  #limit = DEFAULT_LIMIT;

  /** Registers `undo` for the end; call it before doing what it undoes. `undo` must succeed if there is nothing to undo. */
  defer(name: string, undo: () => Promise<unknown>): void {
    this.#undos.defer(async () => {
      const limit = this.#limit;
      const signal = AbortSignal.timeout(limit * 1000);
      const timedOut = new Promise<never>((_, reject) => {
        signal.addEventListener('abort', () => {
          reject(new DrillError(`gave up after ${formatSeconds(limit)}`, { code: 'clean-up-timeout' }));
        });
      });
      await withSignal(signal, () =>
        step(name, () => Promise.race([undo(), timedOut]), { harness: true }),
      ).catch((cause: unknown) =>
        this.#errors.push(new DrillError(`clean-up step "${name}" failed`, { code: 'clean-up', cause })),
      );
    });
  }

  /**
   * Runs every undo, last registered first, each for at most `limit`. A second call does nothing.
   * @returns the errors, in the order in which they came; empty if there were none
   */
  async close(limit: Seconds = DEFAULT_LIMIT): Promise<Error[]> {
    this.#limit = limit;
    await this.#undos.disposeAsync();
    return this.#errors.splice(0);
  }

  /** @throws AggregateError when an undo failed. */
  async [Symbol.asyncDispose](): Promise<void> {
    const errors = await this.close();
    if (errors.length > 0) throw new AggregateError(errors, 'clean-up was not complete');
  }
}
