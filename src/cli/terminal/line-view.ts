// Progress without a terminal: a line when a phase starts, when a step ends, and when a wait gets long.
import type { JournalEvent } from '../../drill/events.ts';
import { phaseLabel } from '../../report/phase-label.ts';
import { formatSeconds } from '../../support/clock.ts';
import type { ProgressTracker, TrackedStep } from './progress-tracker.ts';
import type { ProgressView, RunningDrill } from './progress-view.ts';

/** Shorter waits are not worth a line. */
export const LONG_WAIT_SECONDS = 2;

export class LineView implements ProgressView {
  readonly print: (line: string) => void;
  readonly #printedWaits = new WeakSet<object>();

  constructor(print: (line: string) => void) {
    this.print = print;
  }

  onEvent(name: string, tracker: ProgressTracker, event: JournalEvent): void {
    if (event.event === 'plan') this.print(`${name}: ${event.title}`);
    if (event.event === 'phase') this.print(`${name}: ${phaseLabel(event.phase)}`);
    const step = event.event === 'step-end' ? tracker.step(event.id) : undefined;
    if (step?.parent === null) this.print(`${name}:   ${formatEndedStep(step)}`);
  }

  onTick(running: readonly RunningDrill[]): void {
    for (const { name, tracker } of running)
      for (const { wait } of tracker.runningSteps()) {
        if (!wait || this.#printedWaits.has(wait) || tracker.now() - wait.since < LONG_WAIT_SECONDS) continue;
        this.#printedWaits.add(wait);
        this.print(`${name}:   waiting for ${wait.because}`);
      }
  }

  close(): void {}
}

/** Returns e.g. `pg_restore 1.5 s, failed: relation exists`. */
export function formatEndedStep({ name, start, end = start, error }: TrackedStep): string {
  const failed = error === null ? '' : `, failed: ${error}`;
  return `${name} ${formatSeconds(end - start)}${failed}`;
}
