// The note beside the swarm directory: what is being done to it, so that the next start can mend what a kill left half done;
// and which file was brought back last.
import { rm } from 'node:fs/promises';
import { z } from 'zod';
import { DrillError, reasonOf } from '../support/errors.ts';
import { currentSignal, step } from '../support/trace.ts';
import { type DataRoot, type Manager, SWARM } from './engine/manager.ts';

const NAME = 'swarm-drill.json';

/** `engine`: whether the engine may be stopped, or run on what is not to stay. */
const doing = z.discriminatedUnion('what', [
  z.object({ what: z.literal('backup'), since: z.string(), engine: z.boolean(), part: z.string() }),
  z.object({
    what: z.literal('restore'),
    since: z.string(),
    engine: z.boolean(),
    /** Where the old directory is moved to, and where the copy is unpacked before it takes its place. */
    aside: z.string(),
    coming: z.string(),
  }),
]);
const intentLogSchema = z.object({
  doing: doing.optional(),
  restored: z
    .object({ id: z.string(), cluster: z.string(), node: z.string(), at: z.string(), aside: z.string() })
    .optional(),
});
export type IntentLog = z.infer<typeof intentLogSchema>;
export type Operation = z.infer<typeof doing>;

/** @throws DrillError `note-damaged` */
export async function readIntentLog(root: DataRoot): Promise<IntentLog> {
  const text = await root.read(NAME);
  if (text === undefined) return {};
  try {
    return intentLogSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new DrillError(`${root.path}/${NAME} can't be read: ${reasonOf(cause)}`, {
      code: 'note-damaged',
      cause,
      hint: `see that ${root.path}/${SWARM} is the directory that you want and that the engine runs, then remove this file`,
    });
  }
}

/** Says what is about to be done, or (without `doing`) that it is done. */
export async function writeIntentLog(root: DataRoot, change: IntentLog): Promise<void> {
  const { restored } = await readIntentLog(root);
  await root.write(NAME, JSON.stringify({ restored, ...change }));
}

/**
 * Undoes what was being done: the old directory is in its place again, the engine runs, nothing half-written is left. Killed
 * in its turn, it can be called again.
 */
export async function undoOperation(manager: Manager, task: Operation): Promise<void> {
  const { root } = manager;
  const moved = task.what === 'restore' && (await root.has(task.aside));
  if (task.engine) await step('stop the engine', () => (moved ? manager.stop() : tryToStop(manager)));
  if (moved)
    await step('put the old swarm directory back', async () => {
      await root.remove(SWARM);
      await root.move(task.aside, SWARM);
    });
  if (task.what === 'restore') await root.remove(task.coming);
  else await rm(task.part, { force: true });
  if (task.engine) await step('start the engine', () => manager.start());
  await writeIntentLog(root, {});
}

/** An engine that may be on its way down is gone before it is started; one that can't be stopped runs on what it always ran on. */
async function tryToStop(manager: Manager): Promise<void> {
  try {
    await manager.stop();
  } catch {
    currentSignal().throwIfAborted();
  }
}

/** Every command begins with this. @returns what had been left half done */
export async function recoverInterrupted(manager: Manager): Promise<Operation | undefined> {
  const { doing: task } = await readIntentLog(manager.root);
  if (task)
    await step(`mend the ${task.what} of ${task.since}, which was cut short`, () =>
      undoOperation(manager, task),
    );
  return task;
}
