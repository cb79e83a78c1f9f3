// Ctrl-C: the first one asks for an orderly stop, the second one means at once.

/** npm passes on to us what the terminal has sent us already: within this time it is the same key stroke. */
const SAME_KEY_PRESS_MS = 300;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export interface InterruptHandlers {
  readonly stopGracefully: () => void;
  readonly stopImmediately: () => void;
}

/** Until disposed, the first signal calls `orderly`, a later one `atOnce`. */
export function onInterrupt({
  stopGracefully: orderly,
  stopImmediately: atOnce,
}: InterruptHandlers): Disposable {
  let first: number | undefined;
  const onSignal = (): void => {
    const now = performance.now();
    if (first === undefined) {
      first = now;
      orderly();
    } else if (now - first > SAME_KEY_PRESS_MS) atOnce();
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  return {
    [Symbol.dispose]() {
      for (const signal of SIGNALS) process.off(signal, onSignal);
    },
  };
}

/** Runs `body` and takes back the signal handlers that it has installed: when to end is for `onStop` to say. */
export async function withoutSignalHandlers<T>(body: () => Promise<T>): Promise<T> {
  const before = SIGNALS.flatMap((signal) => process.listeners(signal));
  const result = await body();
  for (const signal of SIGNALS)
    for (const listener of process.listeners(signal))
      if (!before.includes(listener)) process.off(signal, listener);
  return result;
}
