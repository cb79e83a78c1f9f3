// Progress on a terminal: finished phases stay as lines, the current one is a block that is redrawn.
import { createLogUpdate } from 'log-update';
import { AUTHOR_PHASES, OWN_CODE, type JournalEvent, type Phase } from '../../drill/events.ts';
import { phaseLabel } from '../../report/phase-label.ts';
import { formatSeconds } from '../../support/clock.ts';
import type { Palette } from './palette.ts';
import type { ProgressTracker, TrackedPhase, TrackedStep } from './progress-tracker.ts';
import type { ProgressView } from './progress-view.ts';

const TIME_COLUMN = 64;
const MOST_WAITS = 6;

export class LiveView implements ProgressView {
  readonly #block: ReturnType<typeof createLogUpdate>;
  readonly #colours: Palette;

  constructor(stream: NodeJS.WriteStream, colours: Palette) {
    this.#block = createLogUpdate(stream);
    this.#colours = colours;
  }

  onEvent(_name: string, tracker: ProgressTracker, event: JournalEvent): void {
    if (event.event === 'plan') this.#block.persist(this.#colours.bold(event.title));
    const finished =
      event.event === 'phase'
        ? tracker.phases.at(-2)
        : event.event === 'end'
          ? tracker.phases.at(-1)
          : undefined;
    if (finished) this.#block.persist(this.#formatPhase(finished, tracker).join('\n'));
    if (event.event === 'end') this.#block.clear();
  }

  onTick(_name: string, tracker: ProgressTracker): void {
    const current = tracker.phases.at(-1);
    if (current && !tracker.ended) this.#block(this.#formatPhase(current, tracker).join('\n'));
  }

  print(text: string): void {
    this.#block.persist(text);
  }

  close(): void {
    this.#block.done();
  }

  #formatPhase({ phase, start, end, steps }: TrackedPhase, tracker: ProgressTracker): string[] {
    const label = phaseLabel(phase);
    return [
      this.#row(`  ${this.#colours.bold(label)}`, label.length + 2, start, end, tracker),
      ...steps.filter(({ parent }) => parent === null).map((step) => this.#formatStep(step, tracker)),
      ...(end === undefined ? this.#formatWaits(tracker) : []),
      ...(end === undefined ? this.#formatOwnCode(phase, start, tracker) : []),
    ];
  }

  #formatStep({ name, start, end, error }: TrackedStep, tracker: ProgressTracker): string {
    const { green, red, cyan } = this.#colours;
    const mark = end === undefined ? cyan('>') : error === null ? green('✓') : red('✗');
    const line = this.#row(`    ${mark} ${name}`, name.length + 6, start, end, tracker);
    return error === null ? line : `${line}\n      ${red(error)}`;
  }

  /** Returns the innermost running steps, each with what it waits for. */
  #formatWaits(tracker: ProgressTracker): string[] {
    const inner = tracker.runningSteps().filter(({ parent, wait }) => parent !== null || wait);
    return inner.slice(-MOST_WAITS).map(({ name, start, wait }) => {
      const text = `      ${wait ? `waiting for ${wait.because}` : name}`;
      return this.#colours.dim(this.#row(text, text.length, wait?.since ?? start, undefined, tracker));
    });
  }

  /** Shows that the drill's author keeps the program busy, not a step of it. */
  #formatOwnCode(phase: Phase, start: number, tracker: ProgressTracker): string[] {
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
