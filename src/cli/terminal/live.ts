// Progress on a terminal: phases that are over stay as lines, the present one is a block that is drawn anew.
import { createLogUpdate } from 'log-update';
import type { JournalEvent } from '../../drill/events.ts';
import { formatSeconds } from '../../support/clock.ts';
import type { Palette } from './palette.ts';
import type { Track, TrackedPhase, TrackedStep } from './track.ts';
import type { View } from './view.ts';

const TIME_COLUMN = 64;

export class LiveView implements View {
  readonly #block: ReturnType<typeof createLogUpdate>;
  readonly #colours: Palette;

  constructor(stream: NodeJS.WriteStream, colours: Palette) {
    this.#block = createLogUpdate(stream);
    this.#colours = colours;
  }

  told(_name: string, track: Track, event: JournalEvent): void {
    if (event.event === 'plan') this.#block.persist(this.#colours.bold(event.title));
    const over =
      event.event === 'phase' ? track.phases.at(-2) : event.event === 'end' ? track.phases.at(-1) : undefined;
    if (over) this.#block.persist(this.#phase(over, track).join('\n'));
    if (event.event === 'end') this.#block.clear();
  }

  tick(_name: string, track: Track): void {
    const present = track.phases.at(-1);
    if (present && !track.ended) this.#block(this.#phase(present, track).join('\n'));
  }

  note(text: string): void {
    this.#block.persist(text);
  }

  close(): void {
    this.#block.done();
  }

  #phase({ phase, began, ended, steps }: TrackedPhase, track: Track): string[] {
    const { bold, dim } = this.#colours;
    const time = formatSeconds((ended ?? track.now()) - began);
    return [
      row(`  ${bold(phase)}`, phase.length + 2, ended === undefined ? time : dim(time)),
      ...steps.filter(({ parent }) => parent === null).map((step) => this.#step(step, track)),
      ...(ended === undefined ? this.#waits(track) : []),
    ];
  }

  #step({ name, began, ended, error }: TrackedStep, track: Track): string {
    const { green, red, cyan, dim } = this.#colours;
    const mark = ended === undefined ? cyan('>') : error === null ? green('✓') : red('✗');
    const time = formatSeconds((ended ?? track.now()) - began);
    const line = row(`    ${mark} ${name}`, name.length + 6, ended === undefined ? time : dim(time));
    return error === null ? line : `${line}\n      ${red(error)}`;
  }

  /** The innermost steps under way, with what they wait for. */
  #waits(track: Track): string[] {
    const inner = track.running().filter(({ parent, wait }) => parent !== null || wait);
    return inner.slice(-6).map(({ name, began, wait }) => {
      const text = wait ? `waiting for ${wait.because}` : name;
      return this.#colours.dim(
        row(`      ${text}`, text.length + 6, formatSeconds(track.now() - (wait?.since ?? began))),
      );
    });
  }
}

/** @param width of `text` without its colours */
const row = (text: string, width: number, time: string): string =>
  `${text}${' '.repeat(Math.max(1, TIME_COLUMN - width))}${time}`;
