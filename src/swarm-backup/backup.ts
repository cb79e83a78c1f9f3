// The backup of one manager: the documented cold copy, as one sealed file that was read back before it got its name.
import { randomBytes } from 'node:crypto';
import { rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { monotonic, utcNow } from '../support/clock.ts';
import { DrillError, reasonOf } from '../support/errors.ts';
import { step } from '../support/trace.ts';
import { surveyDirectory } from './file/entries.ts';
import { describeSwarm, completeManifest } from './describe-swarm.ts';
import { preflightBackup } from './preflight/backup.ts';
import { waitUntilManaging, unlockSwarm } from './engine/probe.ts';
import { type Manager, SWARM } from './engine/manager.ts';
import type { Manifest } from './file/manifest.ts';
import { recoverInterrupted, writeIntentLog } from './intent-log.ts';
import { type OutputPath, resolveOutput } from './file/paths.ts';
import { readSwarmFile } from './file/read.ts';
import type { SealingKey } from './file/seal.ts';
import { runShielded, withEngineStopped } from './engine/with-engine-stopped.ts';
import { syncDirectory } from './engine/tree.ts';
import { createSwarmFile, type Written } from './file/write.ts';

export interface BackupRequest extends OutputPath {
  readonly lock: SealingKey;
  /** `SWMKEY-1-…`: an autolocked swarm needs it to go on after the backup, and to be restored at all. */
  readonly unlockKey?: string | undefined;
  /** Name and version of this program, for the manifest. */
  readonly tool: string;
}

export interface BackupResult {
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly manifest: Manifest;
  /** Seconds for which the engine was away. */
  readonly stoppedSeconds: number;
  /** What a person should know about this copy. */
  readonly warnings: readonly string[];
  /** Which command had been cut short here, if one had. */
  readonly recovered: string | undefined;
}

/** Looks, stops the engine, copies, starts the engine, reads the copy back, gives it its name. @throws DrillError */
export async function backup(manager: Manager, request: BackupRequest): Promise<BackupResult> {
  const { lock, unlockKey, tool } = request;
  const { root } = manager;
  const mended = (await recoverInterrupted(manager))?.what;
  const file = await resolveOutput(request, root);
  const seen = await step('look at the swarm', () => preflightBackup(manager, unlockKey));
  const part = `${file}.part-${randomBytes(4).toString('hex')}`;
  const noteUnfinished = (engine: boolean): Promise<void> =>
    writeIntentLog(root, { doing: { what: 'backup', since: utcNow(), engine, part } });
  try {
    await noteUnfinished(false);
    await using empty = await createSwarmFile(part, lock);
    await noteUnfinished(true);
    const facts = await describeSwarm(manager, seen, tool);
    const began = monotonic();
    const { manifest, written } = await withEngineStopped(manager, async () => {
      const found = await step('hash the swarm directory', async () =>
        surveyDirectory(await root.pack(SWARM)),
      );
      const listed = completeManifest(facts, found, unlockKey);
      const copied = await step('copy the swarm directory', async () =>
        empty.write(listed, await root.pack(SWARM)),
      );
      return { manifest: listed, written: copied };
    });
    const stoppedSeconds = monotonic() - began;
    await noteUnfinished(false);
    await step('read the file back', () => readBack(part, written, manifest));
    await rename(part, file);
    await syncDirectory(dirname(file));
    await writeIntentLog(root, {});
    await step('wait for the manager', () => waitForManager(manager, manifest, unlockKey, file));
    const { bytes, sha256 } = written;
    return {
      file,
      bytes,
      sha256,
      manifest,
      stoppedSeconds,
      warnings: warningsOf(manifest),
      recovered: mended,
    };
  } catch (error) {
    await runShielded(() => cleanUp(manager, part, error));
    throw error;
  }
}

async function readBack(part: string, { key }: Written, { id }: Manifest): Promise<void> {
  const found = await readSwarmFile(part, key);
  if (found.id !== id)
    throw new DrillError(`${part} is another file than the one just written`, { code: 'read-back' });
}

/** @throws DrillError `not-back`: the file is good, the manager isn't */
async function waitForManager(
  manager: Manager,
  { node, cluster }: Manifest,
  unlockKey: string | undefined,
  file: string,
): Promise<void> {
  try {
    if (cluster.autolock && unlockKey !== undefined) await unlockSwarm(manager, unlockKey);
    await waitUntilManaging(manager, node.id);
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
  await writeIntentLog(manager.root, {}).catch(() => undefined);
}

function warningsOf({ cluster }: Manifest): string[] {
  if (!cluster.autolock) return [];
  return cluster.managers > 1
    ? [
        `the swarm is autolocked and has ${cluster.managers} managers: should all be lost, there is no documented way to bring it back from this file`,
      ]
    : ['a restore needs the unlock key of today: keep it, but not beside this file'];
}
