// The intent log, a file next to the swarm directory: the operation in progress, so that the next command can undo one that was
// killed half-way, and which backup was restored last.
import { rm } from 'node:fs/promises';
import { z } from 'zod';
import { DrillError, reasonOf } from '../support/errors.ts';
import { currentSignal, step } from '../support/trace.ts';
import { removeUnsealedKey } from './autolock/unsealed-copy.ts';
import { type DataRoot, type Manager, SWARM } from './engine/manager.ts';
import { restoreSnapshotInterval } from './raft-snapshot.ts';

const NAME = 'swarm-drill.json';

/** What the first version of the file called its fields: a killed program of that version may have left one. */
const RENAMED: Readonly<Record<string, string>> = {
  doing: 'operation',
  aside: 'previous',
  coming: 'staging',
};

/** `engine`: whether the engine may be stopped, or may run on a directory that is not to stay. */
const operationSchema = z.discriminatedUnion('what', [
  z.object({
    what: z.literal('backup'),
    since: z.string(),
    engine: z.boolean(),
    part: z.string().optional(),
    /** The raft snapshot interval before it was changed, while it may be changed. */
    snapshotInterval: z.int().min(0).optional(),
  }),
  z.object({
    what: z.literal('restore'),
    since: z.string(),
    engine: z.boolean(),
    /** Where the old directory is moved to. */
    previous: z.string(),
    /** Where the copy is unpacked before it replaces the old one. */
    staging: z.string(),
    /** Whether the node key of an autolocked swarm may be in the copy unsealed. */
    unsealed: z.boolean().optional(),
  }),
]);
const intentLogSchema = z.object({
  operation: operationSchema.optional(),
  restored: z
    .object({ id: z.string(), cluster: z.string(), node: z.string(), at: z.string(), previous: z.string() })
    .optional(),
});
export type IntentLog = z.infer<typeof intentLogSchema>;
export type Operation = z.infer<typeof operationSchema>;

/** @throws DrillError `intent-log-damaged` */
export async function readIntentLog(root: DataRoot): Promise<IntentLog> {
  const text = await root.read(NAME);
  if (text === undefined) return {};
  try {
    return intentLogSchema.parse(JSON.parse(text, renameFields));
  } catch (cause) {
    throw new DrillError(`${root.path}/${NAME}: invalid intent log: ${reasonOf(cause)}`, {
      code: 'intent-log-damaged',
      cause,
      hint: `Make sure that ${root.path}/${SWARM} is the directory you want and that the engine runs, then remove this file.`,
    });
  }
}

function renameFields(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [RENAMED[name] ?? name, field]));
}

/** Records the operation that is about to begin or, without one, that it is complete. */
export async function writeIntentLog(root: DataRoot, change: IntentLog): Promise<void> {
  const { restored } = await readIntentLog(root);
  await root.write(NAME, JSON.stringify({ restored, ...change }));
}

/** What a person should know about what was undone, one sentence each. */
export type UndoNotes = readonly string[];

/**
 * Undoes an operation: puts the old directory back, starts the engine, removes unfinished files. Can be repeated when it is
 * killed itself.
 */
export async function undoOperation(manager: Manager, operation: Operation): Promise<UndoNotes> {
  const { root } = manager;
  // First of all: the directory with it has to stay until the engine can be stopped.
  const notes = await removeUnsealedCopy(root, operation);
  const moved = operation.what === 'restore' && (await root.has(operation.previous));
  if (operation.engine) await step('stop the engine', () => (moved ? manager.stop() : tryToStop(manager)));
  if (moved)
    await step('put the old swarm directory back', async () => {
      await root.remove(SWARM);
      await root.move(operation.previous, SWARM);
    });
  if (operation.what === 'restore') await root.remove(operation.staging);
  else if (operation.part !== undefined) await rm(operation.part, { force: true });
  if (operation.engine) await step('start the engine', () => manager.start());
  if (operation.what === 'backup' && operation.snapshotInterval !== undefined) {
    const { snapshotInterval } = operation;
    await step(`set the raft snapshot interval back to ${snapshotInterval}`, () =>
      restoreSnapshotInterval(manager.engine, snapshotInterval),
    );
  }
  await writeIntentLog(root, {});
  return notes;
}

/** An engine that may be shutting down must be gone before it is started; one that can't be stopped still runs on its old directory. */
async function tryToStop(manager: Manager): Promise<void> {
  try {
    await manager.stop();
  } catch {
    currentSignal().throwIfAborted();
  }
}

async function removeUnsealedCopy(root: DataRoot, operation: Operation): Promise<UndoNotes> {
  if (operation.what !== 'restore' || operation.unsealed !== true) return [];
  // While the old directory is not set aside, the swarm directory is the old one.
  if (!(await root.has(operation.previous)) || !(await removeUnsealedKey(root))) return [];
  return [`the node key of the copy was unsealed in ${root.path}/${SWARM} and was removed`];
}

export interface Recovered {
  readonly what: Operation['what'];
  readonly notes: UndoNotes;
}

/** Undoes an operation that was interrupted; every command begins with this. @returns what it was */
export async function recoverInterrupted(manager: Manager): Promise<Recovered | undefined> {
  const { operation } = await readIntentLog(manager.root);
  if (!operation) return undefined;
  const { what, since } = operation;
  // A step by itself, so that it is printed also when what follows fails.
  const notes = await removeUnsealedCopy(manager.root, operation);
  const others = await step(`undo the ${what} of ${since}, which was interrupted`, () =>
    undoOperation(manager, operation),
  );
  return { what, notes: [...notes, ...others] };
}
