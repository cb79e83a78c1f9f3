// Shows what the drills of a run do while they do it, from their journals alone.
import { join } from 'node:path';
import { paletteFor } from './palette.ts';
import { Tail } from './follow.ts';
import { LiveView } from './live.ts';
import { PlainView } from './plain.ts';
import { Track } from './track.ts';
import type { View } from './view.ts';

const PAUSE_MS = 100;

/** A live block on a terminal, lines elsewhere. */
export const viewFor = (stream: NodeJS.WriteStream): View =>
  stream.isTTY
    ? new LiveView(stream, paletteFor(stream))
    : new PlainView((line) => stream.write(`${line}\n`));

/** Until disposed, follows the journals of `drills` in `directory`. */
export function followRun(
  directory: string,
  drills: readonly { readonly name: string }[],
  view: View,
): Disposable {
  const followed = drills.map(({ name }) => ({
    name,
    tail: new Tail(join(directory, name)),
    track: new Track(),
  }));
  const look = (): void => {
    for (const { name, tail, track } of followed) {
      for (const event of tail.read()) {
        track.apply(event);
        view.told(name, track, event);
      }
      view.tick(name, track);
    }
  };
  const timer = setInterval(look, PAUSE_MS);
  return {
    [Symbol.dispose]() {
      clearInterval(timer);
      look();
      for (const { tail } of followed) tail.close();
    },
  };
}
