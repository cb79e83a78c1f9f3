// The state of a running drill, built from its journal: phases, steps, and what the current step waits for.
import type { JournalEvent, Phase } from '../../drill/events.ts';
import { monotonic } from '../../support/clock.ts';

/** All times are seconds since the drill started. */
export interface TrackedStep {
  readonly parent: number | null;
  readonly name: string;
  readonly start: number;
  end?: number;
  error: string | null;
  wait?: { readonly because: string; readonly since: number };
}

export interface TrackedPhase {
  readonly phase: Phase;
  readonly start: number;
  end?: number;
  readonly steps: TrackedStep[];
}

export class ProgressTracker {
  readonly phases: TrackedPhase[] = [];
  ended = false;
  readonly #steps = new Map<number, TrackedStep>();
  #origin = Number.POSITIVE_INFINITY;

  apply(event: JournalEvent): void {
    this.#origin = Math.min(this.#origin, monotonic() - event.t);
    if (event.event === 'phase') {
      this.#endPhase(event.t);
      this.phases.push({ phase: event.phase, start: event.t, steps: [] });
    } else if (event.event === 'step') {
      const step = { parent: event.parent, name: event.name, start: event.t, error: null };
      this.#steps.set(event.id, step);
      this.phases.at(-1)?.steps.push(step);
    } else if (event.event === 'step-end') {
      const step = this.#steps.get(event.id);
      if (step) Object.assign(step, { end: event.t, error: event.error });
    } else if (event.event === 'wait') {
      const step = this.#steps.get(event.step ?? -1);
      if (step) step.wait = { because: event.because, since: event.t };
    } else if (event.event === 'end') {
      this.#endPhase(event.t);
      this.ended = true;
    }
  }

  #endPhase(t: number): void {
    const last = this.phases.at(-1);
    if (last) last.end = t;
  }

  /** Whether the drill has started and not ended. */
  get isRunning(): boolean {
    return this.phases.length > 0 && !this.ended;
  }

  /** Returns the step with this journal id. */
  step(id: number): TrackedStep | undefined {
    return this.#steps.get(id);
  }

  /** Returns the running steps, outermost first. */
  runningSteps(): TrackedStep[] {
    return [...this.#steps.values()].filter((step) => step.end === undefined);
  }

  /** Returns when the last step ended; 0 if none has. */
  lastStepEnd(): number {
    return Math.max(0, ...[...this.#steps.values()].map(({ end = 0 }) => end));
  }

  /** Returns the seconds since the drill started. */
  now(): number {
    return Number.isFinite(this.#origin) ? monotonic() - this.#origin : 0;
  }
}
