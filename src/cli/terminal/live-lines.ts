// The lines that the live view shows of a phase, and of several drills that run side by side.
import { AUTHOR_PHASES, OWN_CODE, type Phase } from '../../drill/events.ts';
import { phaseLabel } from '../../report/phase-label.ts';
import { formatSeconds } from '../../support/clock.ts';
import type { Palette } from './palette.ts';
import type { ProgressTracker, TrackedPhase, TrackedStep } from './progress-tracker.ts';
import type { RunningDrill } from './progress-view.ts';

const TIME_COLUMN = 64;
const MOST_WAITS = 6;

export class LiveLines {
  readonly #colours: Palette;

  constructor(colours: Palette) {
    this.#colours = colours;
  }

  /** Returns a phase, its steps, and what it waits for if it has not ended. @param prefix of its first line, e.g. the drill's name */
  ofPhase({ phase, start, end, steps }: TrackedPhase, tracker: ProgressTracker, prefix = ''): string[] {
    const label = phaseLabel(phase);
    const head = `  ${prefix}${this.#colours.bold(label)}`;
    return [
      this.#row(head, prefix.length + label.length + 2, start, end, tracker),
      ...steps.filter(({ parent }) => parent === null).map((step) => this.#ofStep(step, tracker)),
      ...(end === undefined ? this.#ofWaits(tracker) : []),
      ...(end === undefined ? this.#ofOwnCode(phase, start, tracker) : []),
    ];
  }

  /** Returns a line for each drill, with as many of the steps that run in it as the rows of the terminal leave room for. */
  ofSeveral(running: readonly RunningDrill[], rows: number): string[] {
    // A block that is higher than the terminal can't be redrawn.
    const each = Math.max(0, Math.floor((rows - 2) / running.length) - 1);
    return running.flatMap(({ name, tracker }) => {
      const current = tracker.phases.at(-1);
      if (!current) return [];
      const label = phaseLabel(current.phase);
      const head = this.#row(
        `  ${this.#colours.bold(name)}: ${label}`,
        name.length + label.length + 4,
        current.start,
        undefined,
        tracker,
      );
      return [head, ...this.#ofRunningSteps(current, tracker).slice(0, each)];
    });
  }

  /** Returns the outer steps that run, then what they wait for. */
  #ofRunningSteps({ phase, start }: TrackedPhase, tracker: ProgressTracker): string[] {
    return [
      ...tracker
        .runningSteps()
        .filter(({ parent }) => parent === null)
        .map((step) => this.#ofStep(step, tracker)),
      ...this.#ofWaits(tracker),
      ...this.#ofOwnCode(phase, start, tracker),
    ];
  }

  #ofStep({ name, start, end, error }: TrackedStep, tracker: ProgressTracker): string {
    const { green, red, cyan } = this.#colours;
    const mark = end === undefined ? cyan('>') : error === null ? green('✓') : red('✗');
    const line = this.#row(`    ${mark} ${name}`, name.length + 6, start, end, tracker);
    return error === null ? line : `${line}\n      ${red(error)}`;
  }

  /** Returns the innermost running steps, each with what it waits for. */
  #ofWaits(tracker: ProgressTracker): string[] {
    const inner = tracker.runningSteps().filter(({ parent, wait }) => parent !== null || wait);
    return inner.slice(-MOST_WAITS).map(({ name, start, wait }) => {
      const text = `      ${wait ? `waiting for ${wait.because}` : name}`;
      return this.#colours.dim(this.#row(text, text.length, wait?.since ?? start, undefined, tracker));
    });
  }

  /** Shows that the drill's author keeps the program busy, not a step of it. */
  #ofOwnCode(phase: Phase, start: number, tracker: ProgressTracker): string[] {
    if (!AUTHOR_PHASES.has(phase) || tracker.runningSteps().length > 0) return [];
    const text = `      ${OWN_CODE}`;
    const since = Math.max(start, tracker.lastStepEnd());
    return [this.#colours.dim(this.#row(text, text.length, since, undefined, tracker))];
  }

  /** @param width of `text` without its colours */
  #row(
    text: string,
    width: number,
    start: number,
    end: number | undefined,
    tracker: ProgressTracker,
  ): string {
    const time = formatSeconds((end ?? tracker.now()) - start);
    const gap = ' '.repeat(Math.max(1, TIME_COLUMN - width));
    return `${text}${gap}${end === undefined ? time : this.#colours.dim(time)}`;
  }
}
