// Stops an engine for some work, and starts it again, also after an error or Ctrl-C.
import { DrillError, reasonOf } from '../../support/errors.ts';
import { step, withSignal } from '../../support/trace.ts';
import { ENGINE_LIMIT, type Manager } from './manager.ts';

/** Runs `body` to its end even when the operator has interrupted the command, within its own time limit. */
export const runShielded = <T>(body: () => Promise<T>): Promise<T> =>
  withSignal(AbortSignal.timeout(3 * ENGINE_LIMIT * 1000), body);

/**
 * Runs `body`, then `undo`, also after an error or Ctrl-C.
 * @param undo gets what `body` failed with, in words that its own error can end with
 * @throws what `undo` throws, else what `body` throws
 */
export async function runThenUndo<T>(
  body: () => Promise<T>,
  undo: (failed: string) => Promise<void>,
): Promise<T> {
  const work = body();
  const failed = await work.then(
    () => '',
    (error: unknown) => ` (before that: ${reasonOf(error)})`,
  );
  await runShielded(() => undo(failed));
  return work;
}

/** @throws what `body` throws; DrillError `engine-down` with both reasons when the engine does not start */
export const withEngineStopped = <T>(manager: Manager, body: () => Promise<T>): Promise<T> =>
  runThenUndo(
    async () => {
      await step('stop the engine', () => manager.stop());
      return body();
    },
    async (failed) => {
      try {
        await step('start the engine', () => manager.start());
      } catch (cause) {
        throw new DrillError(`the engine of ${manager.name} does not start: ${reasonOf(cause)}${failed}`, {
          code: 'engine-down',
          cause,
          hint: `Start it (${manager.startCommand}). The next backup or restore recovers what is unfinished.`,
        });
      }
    },
  );
