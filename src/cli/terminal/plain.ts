// Progress without a terminal: one line when a phase begins, when a step has ended, and when a wait gets long.
import type { JournalEvent } from '../../drill/events.ts';
import { formatSeconds } from '../../support/clock.ts';
import type { Track, TrackedStep } from './track.ts';
import type { View } from './view.ts';

/** Shorter waits are not worth a line. */
export const LONG_WAIT_SECONDS = 2;

export class PlainView implements View {
  readonly #print: (line: string) => void;
  readonly #toldWaits = new WeakSet<object>();

  constructor(print: (line: string) => void) {
    this.#print = print;
  }

  told(name: string, track: Track, event: JournalEvent): void {
    if (event.event === 'plan') this.#print(`${name}: ${event.title}`);
    if (event.event === 'phase') this.#print(`${name}: ${event.phase}`);
    const step = event.event === 'step-end' ? track.step(event.id) : undefined;
    if (step?.parent === null) this.#print(`${name}:   ${endedLine(step)}`);
  }

  tick(name: string, track: Track): void {
    for (const { wait } of track.running()) {
      if (!wait || this.#toldWaits.has(wait) || track.now() - wait.since < LONG_WAIT_SECONDS) continue;
      this.#toldWaits.add(wait);
      this.#print(`${name}:   waiting for ${wait.because}`);
    }
  }

  note(text: string): void {
    this.#print(text);
  }

  close(): void {}
}

export function endedLine({ name, began, ended = began, error }: TrackedStep): string {
  const failed = error === null ? '' : `, failed: ${error}`;
  return `${name} ${formatSeconds(ended - began)}${failed}`;
}
