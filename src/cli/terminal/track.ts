// What a drill is doing, as far as its journal tells: its phases, their steps, and what the running one waits for.
import type { JournalEvent, Phase } from '../../drill/events.ts';
import { monotonic } from '../../support/clock.ts';

export interface TrackedStep {
  readonly parent: number | null;
  readonly name: string;
  /** Seconds since the drill began, as all times here. */
  readonly began: number;
  ended?: number;
  error: string | null;
  wait?: { readonly because: string; readonly since: number };
}

export interface TrackedPhase {
  readonly phase: Phase;
  readonly began: number;
  ended?: number;
  readonly steps: TrackedStep[];
}

export class Track {
  title = '';
  readonly phases: TrackedPhase[] = [];
  ended = false;
  readonly #steps = new Map<number, TrackedStep>();
  #origin = Number.POSITIVE_INFINITY;

  apply(event: JournalEvent): void {
    this.#origin = Math.min(this.#origin, monotonic() - event.t);
    if (event.event === 'plan') this.title = event.title;
    else if (event.event === 'phase') {
      this.#endPhase(event.t);
      this.phases.push({ phase: event.phase, began: event.t, steps: [] });
    } else if (event.event === 'step') {
      const step = { parent: event.parent, name: event.name, began: event.t, error: null };
      this.#steps.set(event.id, step);
      this.phases.at(-1)?.steps.push(step);
    } else if (event.event === 'step-end') {
      const step = this.#steps.get(event.id);
      if (step) Object.assign(step, { ended: event.t, error: event.error });
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
    if (last) last.ended = t;
  }

  /** The step that `id` was given to. */
  step(id: number): TrackedStep | undefined {
    return this.#steps.get(id);
  }

  /** Steps under way, outermost first. */
  running(): TrackedStep[] {
    return [...this.#steps.values()].filter((step) => step.ended === undefined);
  }

  /** Seconds since the drill began. */
  now(): number {
    return Number.isFinite(this.#origin) ? monotonic() - this.#origin : 0;
  }
}
