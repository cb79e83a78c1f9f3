// Progress of a single command: a line when a step ends, and when a wait gets long.
import { formatSeconds, monotonic } from '../../support/clock.ts';
import type { StepOptions, TraceSink } from '../../support/trace.ts';
import { formatEndedStep, LONG_WAIT_SECONDS } from './line-view.ts';

export class StepPrinter implements TraceSink {
  readonly #prefix: string;
  readonly #print: (line: string) => void;
  readonly #running = new Map<number, { name: string; start: number; parent: number | null }>();
  #wait: NodeJS.Timeout | undefined;

  constructor(prefix: string, print: (line: string) => void) {
    this.#prefix = prefix;
    this.#print = print;
  }

  stepStarted(id: number, parent: number | undefined, name: string, { harness }: StepOptions): void {
    // The program's own clean-up is of no interest to the user.
    if (harness) return;
    this.#running.set(id, { name, start: monotonic(), parent: parent ?? null });
  }

  stepEnded(id: number, error: string | undefined): void {
    clearTimeout(this.#wait);
    const step = this.#running.get(id);
    this.#running.delete(id);
    if (step?.parent === null)
      this.#print(`${this.#prefix}: ${formatEndedStep({ ...step, end: monotonic(), error: error ?? null })}`);
  }

  waiting(_step: number | undefined, because: string): void {
    clearTimeout(this.#wait);
    const start = monotonic();
    this.#wait = setTimeout(
      () =>
        this.#print(`${this.#prefix}: waiting for ${because} (${formatSeconds(monotonic() - start)} so far)`),
      LONG_WAIT_SECONDS * 1000,
    ).unref();
  }
}
