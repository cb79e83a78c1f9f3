// Runs linked streams: when one breaks, all end, and the error thrown is that of the one that broke first.
import { currentSignal } from './trace.ts';

type Work = (signal: AbortSignal) => Promise<unknown>;

/** Runs `works` in parallel, under the current signal. @throws the error that caused the others */
export async function runLinked(...works: readonly Work[]): Promise<void> {
  const end = new AbortController();
  const signal = AbortSignal.any([end.signal, currentSignal()]);
  const errors: unknown[] = [];
  await Promise.all(
    works.map(async (work) => {
      try {
        await work(signal);
      } catch (error) {
        errors.push(error);
        end.abort(error);
      }
    }),
  );
  currentSignal().throwIfAborted();
  if (errors.length > 0) throw errors.find((error) => !isConsequence(error)) ?? errors[0];
}

function isConsequence(error: unknown): boolean {
  const { name, code, message } = error as { name?: string; code?: string; message?: string };
  return (
    name === 'AbortError' ||
    code === 'ERR_STREAM_PREMATURE_CLOSE' ||
    message === 'Writable stream closed prematurely'
  );
}
