// The journal of a drill: one JSON object a line, written synchronously as things happen, so that a crash loses nothing recorded.
import { closeSync, fsyncSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { monotonic, utcNow } from '../support/clock.ts';
import type { StepOptions, TraceSink } from '../support/trace.ts';
import type { JournalEvent } from './events.ts';

/** Each member of the union without `t`, which the journal adds. */
type Untimed<E> = E extends unknown ? Omit<E, 't'> : never;

export class Journal implements TraceSink, Disposable {
  readonly #began = monotonic();
  readonly #file: number;

  /** Creates `directory` and the file `journal.jsonl` in it. */
  constructor(directory: string) {
    mkdirSync(directory, { recursive: true });
    this.#file = openSync(join(directory, 'journal.jsonl'), 'wx');
  }

  /** Returns the seconds since the drill began. */
  now(): number {
    return monotonic() - this.#began;
  }

  write(event: Untimed<JournalEvent>): void {
    writeSync(this.#file, `${JSON.stringify({ t: Number(this.now().toFixed(6)), ...event })}\n`);
  }

  stepStarted(
    id: number,
    parent: number | undefined,
    name: string,
    { harness = false, operation, command }: StepOptions,
  ): void {
    this.write({
      event: 'step',
      id,
      parent: parent ?? null,
      name,
      harness,
      ...(operation && { operation }),
      ...(command && { command }),
      at: utcNow(),
    });
  }
  stepEnded(id: number, error: string | undefined): void {
    this.write({ event: 'step-end', id, error: error ?? null });
  }
  waiting(step: number | undefined, because: string): void {
    this.write({ event: 'wait', step: step ?? null, because });
  }

  [Symbol.dispose](): void {
    fsyncSync(this.#file);
    closeSync(this.#file);
  }
}
