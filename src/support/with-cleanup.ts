// Runs work with a clean-up that happens in every case: a service is restarted, a snapshot is removed.
import type { Seconds } from './clock.ts';
import { DrillError, finding, reasonOf } from './errors.ts';
import { withSignal } from './trace.ts';

export interface Undoing {
  /** Code of the finding if `undo` fails. */
  readonly code: string;
  /** How long `undo` may take, also while the drill is being stopped. */
  readonly limit: Seconds;
}

/**
 * Runs `body`, then `undo`, also if `body` failed.
 * @throws what `body` throws; if `undo` fails, a finding; if both fail, one finding with `code` and both reasons, the first cause first
 */
export async function withCleanup<T>(
  body: () => Promise<T>,
  undo: () => Promise<unknown>,
  undoing: Undoing,
): Promise<T> {
  const result = await withRollback(body, undo, undoing);
  await runWithinLimit(undo, undoing).catch((cause: unknown) => {
    if (cause instanceof DrillError && cause.blame === 'finding') throw cause;
    throw finding(reasonOf(cause), { code: undoing.code, cause });
  });
  return result;
}

/** Runs `body`, then `undo` only if `body` failed. @throws as `withCleanup` */
export async function withRollback<T>(
  body: () => Promise<T>,
  undo: () => Promise<unknown>,
  undoing: Undoing,
): Promise<T> {
  try {
    return await body();
  } catch (cause) {
    await runWithinLimit(undo, undoing).catch((second: unknown) => {
      throw both(cause, second, undoing);
    });
    throw cause;
  }
}

const runWithinLimit = (undo: () => Promise<unknown>, { limit }: Undoing): Promise<unknown> =>
  withSignal(AbortSignal.timeout(limit * 1000), undo);

function both(cause: unknown, second: unknown, { code }: Undoing): DrillError {
  const errors = [cause, second].filter((error) => error instanceof DrillError);
  const all = (part: 'output' | 'hint', between: string) => {
    const text = errors
      .map((error) => error[part] ?? '')
      .filter(Boolean)
      .join(between);
    return text === '' ? {} : { [part]: text };
  };
  return finding(`${reasonOf(cause)}; and then ${reasonOf(second)}`, {
    code,
    cause,
    ...all('output', '\n'),
    ...all('hint', '; '),
  });
}
