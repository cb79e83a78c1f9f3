// The backup of one manager: the documented cold copy, as one sealed file that was read back before it got its name.
import { randomBytes } from 'node:crypto';
import { rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { monotonic, utcNow } from '../support/clock.ts';
import { DrillError, reasonOf } from '../support/errors.ts';
import { step } from '../support/trace.ts';
import { survey } from './file/entries.ts';
import { factsOf, manifestOf } from './facts.ts';
import { fitForBackup } from './preflight/backup.ts';
import { manages, unlock } from './engine/probe.ts';
import { type Manager, SWARM } from './engine/manager.ts';
import type { Manifest } from './file/manifest.ts';
import { mend, noteDown } from './intent-log.ts';
import { type Place, placeFor } from './preflight/paths.ts';
import { readSwarmFile } from './file/read.ts';
import type { Lock } from './file/seal.ts';
import { regardless, whileStopped } from './engine/stopped.ts';
import { flush } from './engine/tree.ts';
import { makeSwarmFile, type Written } from './file/write.ts';

export interface BackupRequest extends Place {
  readonly lock: Lock;
  /** `SWMKEY-1-…`: an autolocked swarm needs it to go on after the backup, and to be restored at all. */
  readonly unlockKey?: string | undefined;
  /** Name and version of this program, for the manifest. */
  readonly tool: string;
}

export interface BackedUp {
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly manifest: Manifest;
  /** Seconds for which the engine was away. */
  readonly stoppedSeconds: number;
  /** What a person should know about this copy. */
  readonly warnings: readonly string[];
  /** Which command had been cut short here, if one had. */
  readonly mended: string | undefined;
}

/** Looks, stops the engine, copies, starts the engine, reads the copy back, gives it its name. @throws DrillError */
export async function backup(manager: Manager, request: BackupRequest): Promise<BackedUp> {
  const { lock, unlockKey, tool } = request;
  const { root } = manager;
  const mended = (await mend(manager))?.what;
  const file = await placeFor(request, root);
  const seen = await step('look at the swarm', () => fitForBackup(manager, unlockKey));
  const part = `${file}.part-${randomBytes(4).toString('hex')}`;
  const noteUnfinished = (engine: boolean): Promise<void> =>
    noteDown(root, { doing: { what: 'backup', since: utcNow(), engine, part } });
  try {
    await noteUnfinished(false);
    await using empty = await makeSwarmFile(part, lock);
    await noteUnfinished(true);
    const facts = await factsOf(manager, seen, tool);
    const began = monotonic();
    const { manifest, written } = await whileStopped(manager, async () => {
      const found = await step('hash the swarm directory', async () => survey(await root.pack(SWARM)));
      const listed = manifestOf(facts, found, unlockKey);
      const copied = await step('copy the swarm directory', async () =>
        empty.write(listed, await root.pack(SWARM)),
      );
      return { manifest: listed, written: copied };
    });
    const stoppedSeconds = monotonic() - began;
    await noteUnfinished(false);
    await step('read the file back', () => readBack(part, written, manifest));
    await rename(part, file);
    await flush(dirname(file));
    await noteDown(root, {});
    await step('wait for the manager', () => inService(manager, manifest, unlockKey, file));
    const { bytes, sha256 } = written;
    return { file, bytes, sha256, manifest, stoppedSeconds, warnings: warningsOf(manifest), mended };
  } catch (error) {
    await regardless(() => cleanUp(manager, part, error));
    throw error;
  }
}

async function readBack(part: string, { key }: Written, { id }: Manifest): Promise<void> {
  const found = await readSwarmFile(part, key);
  if (found.id !== id)
    throw new DrillError(`${part} is another file than the one just written`, { code: 'read-back' });
}

/** @throws DrillError `not-back`: the file is good, the manager isn't */
async function inService(
  manager: Manager,
  { node, cluster }: Manifest,
  unlockKey: string | undefined,
  file: string,
): Promise<void> {
  try {
    if (cluster.autolock && unlockKey !== undefined) await unlock(manager, unlockKey);
    await manages(manager, node.id);
  } catch (cause) {
    throw new DrillError(
      `the backup is whole (${file}), but ${manager.name} is no manager again: ${reasonOf(cause)}`,
      { code: 'not-back', cause, hint: 'look at `docker info` and at the log of its engine' },
    );
  }
}

/** Nothing half-written stays. While the engine does not come back, the note stays too, for the next start to mend. */
async function cleanUp(manager: Manager, part: string, error: unknown): Promise<void> {
  await rm(part, { force: true });
  if (error instanceof DrillError && error.code === 'engine-down') return;
  // An error here would hide the one that counts, and a note that stays is harmless.
  await noteDown(manager.root, {}).catch(() => undefined);
}

function warningsOf({ cluster }: Manifest): string[] {
  if (!cluster.autolock) return [];
  return cluster.managers > 1
    ? [
        `the swarm is autolocked and has ${cluster.managers} managers: should all be lost, there is no documented way to bring it back from this file`,
      ]
    : ['a restore needs the unlock key of today: keep it, but not beside this file'];
}
