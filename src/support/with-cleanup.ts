// What has to be done after a piece of work whatever came of it: a service runs again, a snapshot goes.
import type { Seconds } from './clock.ts';
import { DrillError, finding, reasonOf } from './errors.ts';
import { withSignal } from './trace.ts';

export interface Undoing {
  /** Of the finding when the undoing fails. */
  readonly code: string;
  /** How long the undoing may wait, also when the drill is being stopped. */
  readonly limit: Seconds;
}

/**
 * Runs `body`, then `undo`, whatever came of it.
 * @throws what `body` throws; when `undo` fails, a finding; when both fail, one with `code` that tells both, the first cause first
 */
export async function withCleanup<T>(
  body: () => Promise<T>,
  undo: () => Promise<unknown>,
  undoing: Undoing,
): Promise<T> {
  const result = await withRollback(body, undo, undoing);
  await inItsOwnTime(undo, undoing).catch((cause: unknown) => {
    if (cause instanceof DrillError && cause.blame === 'finding') throw cause;
    throw finding(reasonOf(cause), { code: undoing.code, cause });
  });
  return result;
}

/** As `afterwards`, and what succeeds is left as it is. */
export async function withRollback<T>(
  body: () => Promise<T>,
  undo: () => Promise<unknown>,
  undoing: Undoing,
): Promise<T> {
  try {
    return await body();
  } catch (cause) {
    await inItsOwnTime(undo, undoing).catch((second: unknown) => {
      throw both(cause, second, undoing);
    });
    throw cause;
  }
}

const inItsOwnTime = (undo: () => Promise<unknown>, { limit }: Undoing): Promise<unknown> =>
  withSignal(AbortSignal.timeout(limit * 1000), undo);

function both(cause: unknown, second: unknown, { code }: Undoing): DrillError {
  const told = [cause, second].filter((error) => error instanceof DrillError);
  const all = (part: 'output' | 'hint', between: string) => {
    const text = told
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
