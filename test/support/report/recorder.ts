// Records sample journals event by event, without a clock or a cluster.
import type { JournalEvent, Phase } from '../../../src/drill/events.ts';
import type { StepCommand } from '../../../src/support/trace.ts';

type UntimedEvent = JournalEvent extends infer E ? (E extends JournalEvent ? Omit<E, 't'> : never) : never;

export class Recorder {
  readonly #began: number;
  readonly #events: JournalEvent[] = [];
  #steps = 0;

  constructor(began: string) {
    this.#began = Date.parse(began);
  }

  at(t: number): string {
    return new Date(this.#began + t * 1000).toISOString();
  }

  record(t: number, event: UntimedEvent): void {
    this.#events.push({ t, ...event });
  }

  phase(t: number, phase: Phase): void {
    this.record(t, { event: 'phase', phase, at: this.at(t) });
  }

  /** @returns the step's id, for its parts */
  step(name: string, from: number, to: number, more: StepExtras = {}): number {
    const id = ++this.#steps;
    const { parent = null, harness = false, error = null, waits = {}, command } = more;
    const step = { event: 'step', id, parent, name, harness, ...(command && { command }) } as const;
    this.record(from, { ...step, at: this.at(from) });
    for (const [t, because] of Object.entries(waits))
      this.record(Number(t), { event: 'wait', step: id, because });
    this.record(to, { event: 'step-end', id, error });
    return id;
  }

  /** Returns the events in order of time, as in a journal. */
  events(): JournalEvent[] {
    return this.#events.toSorted((a, b) => a.t - b.t);
  }
}

interface StepExtras {
  readonly parent?: number;
  readonly harness?: boolean;
  readonly error?: string;
  readonly command?: StepCommand;
  /** Reasons, by the second at which they were given. */
  readonly waits?: Readonly<Record<string, string>>;
}

/** Returns a journal's text as it is on disk. */
export const asText = (events: readonly JournalEvent[]): string =>
  events.map((event) => `${JSON.stringify(event)}\n`).join('');
