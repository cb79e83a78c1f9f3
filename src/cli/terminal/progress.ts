// Shows what the drills of a run are doing, read from their journals only.
import { join } from 'node:path';
import { JournalTail } from './journal-tail.ts';
import { LineView } from './line-view.ts';
import { LiveView } from './live-view.ts';
import { createPalette } from './palette.ts';
import { ProgressTracker } from './progress-tracker.ts';
import type { ProgressView } from './progress-view.ts';

const POLL_INTERVAL_MS = 100;

/** A terminal that does not know its width says 0, and every character would get a line. */
const LEAST_COLUMNS = 40;

/** Creates a live block on a terminal that is wide enough, and plain lines elsewhere. */
export const createProgressView = (stream: NodeJS.WriteStream): ProgressView =>
  stream.isTTY && stream.columns >= LEAST_COLUMNS
    ? new LiveView(stream, createPalette(stream))
    : new LineView((line) => stream.write(`${line}\n`));

/** Follows the journals of `drills` in `directory` until disposed. */
export function followRun(
  directory: string,
  drills: readonly { readonly name: string }[],
  view: ProgressView,
): Disposable {
  const followed = drills.map(({ name }) => ({
    name,
    tail: new JournalTail(join(directory, name)),
    tracker: new ProgressTracker(),
  }));
  const update = (): void => {
    for (const { name, tail, tracker } of followed) {
      for (const event of tail.read()) {
        tracker.apply(event);
        view.onEvent(name, tracker, event);
      }
    }
    view.onTick(followed.filter(({ tracker }) => tracker.isRunning));
  };
  const timer = setInterval(update, POLL_INTERVAL_MS);
  return {
    [Symbol.dispose]() {
      clearInterval(timer);
      update();
      for (const { tail } of followed) tail.close();
    },
  };
}
