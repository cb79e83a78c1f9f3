// Putting the copy in the place of what is there, step by step; `undo` of note.ts is the way back from each.
import { Readable } from 'node:stream';
import { pack } from 'tar-stream';
import { DrillError, finding } from '../support/errors.ts';
import { step } from '../support/trace.ts';
import { waitUntilManaging, unlockSwarm } from './engine/probe.ts';
import { ENGINE_LIMIT, type Manager, SWARM } from './engine/manager.ts';
import type { Manifest } from './file/manifest.ts';
import { ENGINE_STATE } from './file/node-key.ts';
import { type Operation, writeIntentLog } from './intent-log.ts';
import { readSwarmFile } from './file/read.ts';
import type { OpeningKey } from './file/seal.ts';
import { together } from '../support/linked-streams.ts';
import type { RestoreStrategy } from './preflight/restore.ts';
import { addEntry } from './file/write.ts';

export interface Source {
  readonly input: string;
  readonly key: OpeningKey;
}
export type RestoreOperation = Extract<Operation, { what: 'restore' }>;

/** The engine still runs meanwhile. What fails here (a full disk, a file that has changed since) has touched nothing. */
export async function unpackToStaging(
  manager: Manager,
  { input, key }: Source,
  coming: string,
  way: RestoreStrategy,
): Promise<void> {
  const packed = pack();
  await together(
    async (signal) => {
      signal.addEventListener('abort', () => packed.destroy(signal.reason as Error));
      await readSwarmFile(input, key, async (fact, content) => {
        // With this file an engine first looks for its peers; a forced initialisation writes it anew.
        if (fact.path === ENGINE_STATE && way.by === 'forced initialisation') {
          for await (const _chunk of content);
        } else await addEntry(packed, fact, fact.path.replace(SWARM, coming), content, signal);
      });
      packed.finalize();
    },
    () => manager.root.unpack(coming, Readable.from(packed)),
  );
}

/** The directories change places while the engine is stopped. */
export async function swapDirectories(manager: Manager, task: RestoreOperation): Promise<void> {
  const { root } = manager;
  await writeIntentLog(root, { doing: { ...task, engine: true } });
  await step('stop the engine', () => manager.stop());
  await step('move the old swarm directory aside', async () => {
    if (await root.has(SWARM)) await root.move(SWARM, task.aside);
    else await root.makeDirectory(task.aside);
  });
  await step('put the copy there', () => root.move(task.coming, SWARM));
  await step('start the engine', () => manager.start());
}

/** Makes a manager of what was put there. */
export async function restartSwarm(
  manager: Manager,
  { init, node }: Manifest,
  way: RestoreStrategy,
): Promise<void> {
  const { engine } = manager;
  if (way.by === 'unlock key') await step('unlock it', () => unlockSwarm(manager, way.unlockKey));
  else
    await step('force a new cluster from it', async () => {
      try {
        await engine.withLimit(ENGINE_LIMIT).swarm.init({ ...init, ForceNewCluster: true });
      } catch (cause) {
        if (cause instanceof DrillError) throw cause;
        throw finding('the engine refused to make a swarm of the copy', { code: 'state-refused', cause });
      }
    });
  await step('wait for the manager', () => waitUntilManaging(manager, node.id, 'finding'));
}
