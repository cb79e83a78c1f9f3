// Ctrl-C: the first one stops gracefully, the second one immediately.

/** The terminal and npm both send the signal: within this time, two signals are the same key press. */
const SAME_KEY_PRESS_MS = 300;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export interface InterruptHandlers {
  readonly stopGracefully: () => void;
  readonly stopImmediately: () => void;
}

/** Calls `stopGracefully` at the first signal and `stopImmediately` at a later one, until disposed. */
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
