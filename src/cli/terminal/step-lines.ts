// Progress of a single command: one line when a step has ended, and when a wait gets long.
import { formatSeconds, monotonic } from '../../support/clock.ts';
import type { StepOptions, TraceSink } from '../../support/trace.ts';
import { endedLine, LONG_WAIT_SECONDS } from './plain.ts';

export class StepLines implements TraceSink {
  readonly #prefix: string;
  readonly #print: (line: string) => void;
  readonly #running = new Map<number, { name: string; began: number; parent: number | null }>();
  #wait: NodeJS.Timeout | undefined;

  constructor(prefix: string, print: (line: string) => void) {
    this.#prefix = prefix;
    this.#print = print;
  }

  stepStarted(id: number, parent: number | undefined, name: string, { harness }: StepOptions): void {
    // Our own clean-up is nobody's news.
    if (harness) return;
    this.#running.set(id, { name, began: monotonic(), parent: parent ?? null });
  }

  stepEnded(id: number, error: string | undefined): void {
    clearTimeout(this.#wait);
    const step = this.#running.get(id);
    this.#running.delete(id);
    if (step?.parent === null)
      this.#print(`${this.#prefix}: ${endedLine({ ...step, ended: monotonic(), error: error ?? null })}`);
  }

  waiting(_step: number | undefined, because: string): void {
    clearTimeout(this.#wait);
    const began = monotonic();
    this.#wait = setTimeout(
      () =>
        this.#print(`${this.#prefix}: waiting for ${because} (${formatSeconds(monotonic() - began)} so far)`),
      LONG_WAIT_SECONDS * 1000,
    ).unref();
  }
}
