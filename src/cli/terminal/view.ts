// How progress is shown: as lines, or as a live block on a terminal.
import type { JournalEvent } from '../../drill/events.ts';
import type { Track } from './track.ts';

export interface View {
  /** An event has just been applied to the track of the drill `name`. */
  told(name: string, track: Track, event: JournalEvent): void;
  /** Time has passed. */
  tick(name: string, track: Track): void;
  /** A line from outside of a drill. */
  note(text: string): void;
  /** Leaves what is shown as it is. */
  close(): void;
}
