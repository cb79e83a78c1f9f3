// Backs one manager up: Docker's documented cold copy, as one sealed file that is read back before it is published.
import { monotonic, utcNow } from '../support/clock.ts';
import { DrillError, reasonOf } from '../support/errors.ts';
import { step } from '../support/trace.ts';
import { managersOf } from '../swarm/quorum.ts';
import { completeManifest, describeSwarm } from './describe-swarm.ts';
import { type HotCopy, type Manager, SWARM, type PackDirectory } from './engine/manager.ts';
import { probeSwarm, unlockSwarm, waitUntilManaging } from './engine/probe.ts';
import { runShielded, withEngineStopped } from './engine/with-engine-stopped.ts';
import { surveyDirectory } from './file/entries.ts';
import type { Manifest } from './file/manifest.ts';
import { readSwarmFile } from './file/read.ts';
import type { SealingKey } from './file/seal.ts';
import type { BackupTarget } from './file/target.ts';
import { createSwarmFile, type Written } from './file/write.ts';
import { recoverInterrupted, writeIntentLog } from './intent-log.ts';
import { takeRaftSnapshot } from './raft-snapshot.ts';
import { preflightBackup } from './preflight/backup.ts';

export interface BackupRequest {
  readonly target: BackupTarget;
  readonly sealWith: SealingKey;
  /** `SWMKEY-1-…`: an autolocked swarm needs it to continue after the backup, and for every restore. */
  readonly unlockKey?: string | undefined;
  /** Name and version of this program, for the manifest. */
  readonly tool: string;
  /** Takes a raft snapshot before the copy if there are several managers, so that a restore has a leader 10 to 20 s earlier. Default true. */
  readonly raftSnapshot?: boolean;
  /** Copies the directory while the engine runs. Default: the engine is stopped. */
  readonly hotCopy?: (() => Promise<HotCopy>) | undefined;
}

export interface BackupResult {
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly manifest: Manifest;
  /** Engine downtime, in seconds; of a hot copy, how long the copying took. */
  readonly stoppedSeconds: number;
  /** What the operator should know about this backup. */
  readonly warnings: readonly string[];
  /** The interrupted operation that was undone first. */
  readonly recovered: string | undefined;
}

/**
 * 1. Undoes an operation that was interrupted, and checks that this manager can be backed up.
 * 2. Takes a raft snapshot, for a faster restore.
 * 3. Stops the engine, hashes the swarm directory, copies it, starts the engine.
 * 4. Reads the copy back, publishes it, and waits until the node is a manager again.
 * @throws DrillError; nothing unfinished is left, and the engine runs unless the code is `engine-down`
 */
export async function backup(manager: Manager, request: BackupRequest): Promise<BackupResult> {
  const { target, unlockKey, tool, raftSnapshot = true, hotCopy } = request;
  const { root } = manager;
  const recovered = await recoverInterrupted(manager);
  const probe = await step('probe the swarm', () =>
    preflightBackup(manager, unlockKey, { stopsEngine: !hotCopy }),
  );
  const recordOperation = (engine: boolean, snapshotInterval?: number): Promise<void> =>
    writeIntentLog(root, {
      operation: { what: 'backup', since: utcNow(), engine, part: target.part, snapshotInterval },
    });
  try {
    await recordOperation(false);
    // A single manager has no lost members to remove, so it elects itself at once; after a snapshot it waits for the time-out, too.
    const raftIndex =
      raftSnapshot && managersOf(probe.members).length > 1
        ? await step('take a raft snapshot', async () => {
            const index = await takeRaftSnapshot(manager, (interval) => recordOperation(false, interval));
            await recordOperation(false);
            return index;
          })
        : undefined;
    await using file = await createSwarmFile(target, request.sealWith);
    if (!hotCopy) await recordOperation(true);
    const description = { ...(await describeSwarm(manager, probe, tool)), raftIndex };
    const began = monotonic();
    const { manifest, written } = await withDirectory(manager, hotCopy, async (pack) => {
      const survey = await step('hash the swarm directory', async () => surveyDirectory(await pack()));
      const complete = completeManifest(description, survey, unlockKey);
      const copied = await step('copy the swarm directory', async () => file.write(complete, await pack()));
      return { manifest: complete, written: copied };
    });
    const stoppedSeconds = monotonic() - began;
    await recordOperation(false);
    await step('read the file back', () => readBack(target, written, manifest));
    await target.publish();
    await writeIntentLog(root, {});
    await step('wait for the manager', () => waitForManager(manager, manifest, request));
    const { bytes, sha256 } = written;
    return {
      file: target.name,
      bytes,
      sha256,
      manifest,
      stoppedSeconds,
      warnings: [...(recovered?.notes ?? []), ...backupWarnings(manifest)],
      recovered: recovered?.what,
    };
  } catch (error) {
    await runShielded(() => cleanUp(manager, request, error));
    throw error;
  }
}

/** Runs `body` with the swarm directory at rest: the engine is stopped, or a hot copy takes its place. */
async function withDirectory<T>(
  manager: Manager,
  hotCopy: BackupRequest['hotCopy'],
  body: (pack: PackDirectory) => Promise<T>,
): Promise<T> {
  if (!hotCopy) return withEngineStopped(manager, () => body(() => manager.root.pack(SWARM)));
  await using copy = await step('copy the swarm directory while the engine runs', hotCopy);
  return await body(copy.pack);
}

async function readBack(target: BackupTarget, { key }: Written, { id }: Manifest): Promise<void> {
  const found = await readSwarmFile(target, key);
  if (found.id !== id)
    throw new DrillError(`${target.name}: expected the backup just written (${id}), got ${found.id}`, {
      code: 'read-back',
    });
}

/** @throws DrillError `not-back`: the file is complete, but the node is not a manager again */
async function waitForManager(
  manager: Manager,
  { node, cluster }: Manifest,
  { unlockKey, target, hotCopy }: BackupRequest,
): Promise<void> {
  try {
    if (cluster.autolock && unlockKey !== undefined && !hotCopy) await unlockSwarm(manager, unlockKey);
    await waitUntilManaging(manager, node.id);
  } catch (cause) {
    throw new DrillError(
      `the backup is complete (${target.name}), but ${manager.name} is not a manager again: ${reasonOf(cause)}`,
      { code: 'not-back', cause, hint: "Look at `docker info` and at the engine's log." },
    );
  }
}

/** Leaves nothing unfinished. While the engine or a setting does not come back, the intent log stays, for the next command to recover. */
async function cleanUp(
  manager: Manager,
  { target, unlockKey }: BackupRequest,
  error: unknown,
): Promise<void> {
  await target.discard();
  if (error instanceof DrillError && ['engine-down', 'snapshot-interval'].includes(error.code)) return;
  try {
    // An error here would hide the one that counts, and an intent log that stays is harmless.
    await writeIntentLog(manager.root, {});
    if (unlockKey !== undefined && (await probeSwarm(manager.engine)).state === 'locked')
      await unlockSwarm(manager, unlockKey);
  } catch {
    // See above.
  }
}

function backupWarnings({ cluster, init }: Manifest): string[] {
  return [
    ...(init.Spec.Raft?.SnapshotInterval === 1
      ? [
          "the swarm's raft snapshot interval is 1: if a killed backup on another manager has left that, set it back (Docker's default: docker swarm update --snapshot-interval 10000)",
        ]
      : []),
    ...(cluster.autolock
      ? ["a restore needs today's unlock key: keep it, but not in the same place as this file"]
      : []),
  ];
}
