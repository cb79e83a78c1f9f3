// Clean-up: the undo is registered before the doing, every undo runs, every error is kept, and the budget is its own.
import { type Seconds, formatSeconds, seconds } from './clock.ts';
import { DrillError } from './errors.ts';
import { step, withSignal } from './trace.ts';

interface Undo {
  readonly name: string;
  readonly run: () => Promise<unknown>;
}

export class Scope implements AsyncDisposable {
  readonly #undos: Undo[] = [];

  /** Registers `run` for the end; call it before doing what it undoes. `run` must cope with the thing not being there. */
  defer(name: string, run: () => Promise<unknown>): void {
    this.#undos.push({ name, run });
  }

  /**
   * Runs every undo, last registered first, each with at most `budget`. A second call does nothing.
   * @returns the errors, in the order they came; empty when all went well.
   */
  async close(budget: Seconds = seconds(60)): Promise<Error[]> {
    const errors: Error[] = [];
    for (let undo = this.#undos.pop(); undo; undo = this.#undos.pop()) {
      const { name, run } = undo;
      const limit = AbortSignal.timeout(budget * 1000);
      const outOfTime = new Promise<never>((_, reject) => {
        limit.addEventListener('abort', () => {
          reject(new DrillError(`gave up after ${formatSeconds(budget)}`, { code: 'clean-up-timeout' }));
        });
      });
      try {
        await withSignal(limit, () => step(name, () => Promise.race([run(), outOfTime]), { harness: true }));
      } catch (cause) {
        errors.push(new DrillError(`clean-up step "${name}" failed`, { code: 'clean-up', cause }));
      }
    }
    return errors;
  }

  /** @throws AggregateError when an undo failed. */
  async [Symbol.asyncDispose](): Promise<void> {
    const errors = await this.close();
    if (errors.length > 0) throw new AggregateError(errors, 'clean-up was not complete');
  }
}
