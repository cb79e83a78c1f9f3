// How progress is shown: as lines, or as a live block on a terminal.
import type { JournalEvent } from '../../drill/events.ts';
import type { ProgressTracker } from './progress-tracker.ts';

export interface RunningDrill {
  readonly name: string;
  readonly tracker: ProgressTracker;
}

export interface ProgressView {
  /** Shows an event of the drill `name` that was just applied to its tracker. */
  onEvent(name: string, tracker: ProgressTracker, event: JournalEvent): void;
  /** Updates what depends on the time: called at short intervals, with every drill that runs. */
  onTick(running: readonly RunningDrill[]): void;
  /** Prints a line that belongs to no drill. */
  print(text: string): void;
  /** Stops updating; what is shown stays on the screen. */
  close(): void;
}
