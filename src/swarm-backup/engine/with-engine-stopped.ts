// While an engine is stopped: whatever happens meanwhile, a Ctrl-C included, it is started again.
import { DrillError, reasonOf } from '../../support/errors.ts';
import { step, withSignal } from '../../support/trace.ts';
import { ENGINE_LIMIT, type Manager } from './manager.ts';

/** Work that is done even when a person has said stop, within a time of its own. */
export const runShielded = <T>(body: () => Promise<T>): Promise<T> =>
  withSignal(AbortSignal.timeout(3 * ENGINE_LIMIT * 1000), body);

/** @throws what `body` throws; DrillError `engine-down` when the engine does not come back, with both reasons */
export async function withEngineStopped<T>(manager: Manager, body: () => Promise<T>): Promise<T> {
  const work = (async () => {
    await step('stop the engine', () => manager.stop());
    return body();
  })();
  const failed = await work.then(
    () => '',
    (error: unknown) => ` (before that: ${reasonOf(error)})`,
  );
  try {
    await runShielded(() => step('start the engine', () => manager.start()));
  } catch (cause) {
    throw new DrillError(`the engine of ${manager.name} does not come back: ${reasonOf(cause)}${failed}`, {
      code: 'engine-down',
      cause,
      hint: `start it (${manager.startedBy}); what is half done is mended by the next backup or restore`,
    });
  }
  return work;
}
