// Several failures as one.
import type { Aftermath, Reversible } from '../model/disaster.ts';

/**
 * Makes one disaster of several that were caused one after the other. What survives is what the last one left. `undo` reverses all of
 * them, the last one first, and exists only if each of them can be undone.
 */
export function combine<S>(...failures: readonly [...Reversible<unknown>[], Reversible<S>]): Reversible<S>;
export function combine<S>(...failures: readonly [...Aftermath<unknown>[], Aftermath<S>]): Aftermath<S>;
export function combine<S>(...failures: readonly [...Aftermath<unknown>[], Aftermath<S>]): Aftermath<S> {
  const last = failures[failures.length - 1] as Aftermath<S>;
  const combined = { proof: failures.flatMap(({ proof }) => proof), survivors: last.survivors };
  const reversible = failures.filter((failure): failure is Reversible<unknown> => 'undo' in failure);
  if (reversible.length < failures.length) return combined;
  return {
    ...combined,
    undo: async (): Promise<void> => {
      for (const failure of reversible.toReversed()) await failure.undo();
    },
  } as Reversible<S>;
}
