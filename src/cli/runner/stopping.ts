// Ctrl-C: the first one asks for an orderly stop, the second one means at once.

/** npm passes on to us what the terminal has sent us already: within this time it is the same key stroke. */
const SAME_STROKE_MS = 300;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export interface Stop {
  readonly orderly: () => void;
  readonly atOnce: () => void;
}

/** Until disposed, the first signal calls `orderly`, a later one `atOnce`. */
export function onStop({ orderly, atOnce }: Stop): Disposable {
  let first: number | undefined;
  const heard = (): void => {
    const now = performance.now();
    if (first === undefined) {
      first = now;
      orderly();
    } else if (now - first > SAME_STROKE_MS) atOnce();
  };
  for (const signal of SIGNALS) process.on(signal, heard);
  return {
    [Symbol.dispose]() {
      for (const signal of SIGNALS) process.off(signal, heard);
    },
  };
}

/** Runs `body` and takes back the signal handlers that it has installed: when to end is for `onStop` to say. */
export async function withoutItsSignalHandlers<T>(body: () => Promise<T>): Promise<T> {
  const before = SIGNALS.flatMap((signal) => process.listeners(signal));
  const result = await body();
  for (const signal of SIGNALS)
    for (const listener of process.listeners(signal))
      if (!before.includes(listener)) process.off(signal, listener);
  return result;
}
