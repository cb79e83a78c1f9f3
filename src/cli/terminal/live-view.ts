// Progress on a terminal: finished phases stay as lines, what runs now is a block that is redrawn.
import { createLogUpdate } from 'log-update';
import type { JournalEvent } from '../../drill/events.ts';
import { LiveLines } from './live-lines.ts';
import type { Palette } from './palette.ts';
import type { ProgressTracker } from './progress-tracker.ts';
import type { ProgressView, RunningDrill } from './progress-view.ts';

/** Where a terminal does not know its height. */
const USUAL_ROWS = 24;

export class LiveView implements ProgressView {
  readonly #stream: NodeJS.WriteStream;
  readonly #block: ReturnType<typeof createLogUpdate>;
  readonly #colours: Palette;
  readonly #lines: LiveLines;
  /** Once several drills run at the same time, every line needs the name of its drill. */
  #namesDrills = false;

  constructor(stream: NodeJS.WriteStream, colours: Palette) {
    this.#stream = stream;
    this.#block = createLogUpdate(stream);
    this.#colours = colours;
    this.#lines = new LiveLines(colours);
  }

  onEvent(name: string, tracker: ProgressTracker, event: JournalEvent): void {
    const prefix = this.#namesDrills ? `${name}: ` : '';
    if (event.event === 'plan') this.#block.persist(this.#colours.bold(`${prefix}${event.title}`));
    const finished =
      event.event === 'phase'
        ? tracker.phases.at(-2)
        : event.event === 'end'
          ? tracker.phases.at(-1)
          : undefined;
    if (finished) this.#block.persist(this.#lines.ofPhase(finished, tracker, prefix).join('\n'));
    if (event.event === 'end') this.#block.clear();
  }

  onTick(running: readonly RunningDrill[]): void {
    this.#namesDrills ||= running.length > 1;
    const [only] = running;
    const current = only?.tracker.phases.at(-1);
    if (!only || !current) return;
    const lines = this.#namesDrills
      ? this.#lines.ofSeveral(running, this.#stream.rows || USUAL_ROWS)
      : this.#lines.ofPhase(current, only.tracker);
    this.#block(lines.join('\n'));
  }

  print(text: string): void {
    this.#block.persist(text);
  }

  close(): void {
    this.#block.done();
  }
}
