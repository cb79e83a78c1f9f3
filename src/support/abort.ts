// Work that ends when it is no longer wanted.

/** Runs `work`, but ends when `signal` fires, also if `work` does not notice it. @throws the signal's reason */
export function orAborted<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const onAbort = (): void => reject(signal.reason as Error);
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
  work().then(resolve, reject);
  return promise.finally(() => signal.removeEventListener('abort', onAbort));
}
