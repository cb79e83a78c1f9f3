// Makes every manager take a raft snapshot, so that a restore has hardly any log to replay. After a forced start raft hands its log
// over in batches of 64 KB, and with more than one batch swarmkit's own call for an election comes too early ("cannot campaign at term
// N since there are still 2 pending configuration changes to apply"): the new leader then has to wait for raft's election time-out
// of 10 to 20 s. Managers take snapshots only every 10,000 entries, so nearly every cluster is in that state.
import type { Engine } from '../lab/engine/engine.ts';
import { seconds } from '../support/clock.ts';
import { DrillError, reasonOf } from '../support/errors.ts';
import { waitUntil } from '../support/poll.ts';
import { ENGINE_LIMIT, type Manager, SWARM } from './engine/manager.ts';
import { runThenUndo } from './engine/with-engine-stopped.ts';

const SNAPSHOTS = `${SWARM}/raft/snap-v3-encrypted`;
/** `<term>-<index>.snap`, both hexadecimal. */
const SNAPSHOT = /^[0-9a-f]{16}-(?<index>[0-9a-f]{16})\.snap$/;

/**
 * Sets the snapshot interval to 1, waits until this manager has written a snapshot that holds this change, and sets the interval back.
 * Every entry that was acknowledged before is in the snapshot: a follower that lags behind the leader has caught up.
 * @param remember called with the interval before it is changed, for the next command in case this one is killed
 * @returns the raft index of the snapshot
 * @throws DrillError `no-raft-snapshot`, `snapshot-interval`
 */
export async function takeRaftSnapshot(
  manager: Manager,
  remember: (interval: number) => Promise<void>,
): Promise<number> {
  const { engine } = manager;
  const interval = await readSnapshotInterval(engine);
  await remember(interval);
  return runThenUndo(
    async () => {
      await setSnapshotInterval(engine, 1);
      return waitForSnapshot(manager);
    },
    (failed) => restoreSnapshotInterval(engine, interval, failed),
  );
}

/** Raft entries between two snapshots; Docker's default is 10,000. */
export const readSnapshotInterval = async (engine: Engine): Promise<number> =>
  (await engine.swarm.inspect()).Spec.Raft.SnapshotInterval;

/** Sets the interval back after a backup has changed it. @throws DrillError `snapshot-interval` */
export async function restoreSnapshotInterval(engine: Engine, interval: number, failed = ''): Promise<void> {
  try {
    await setSnapshotInterval(engine, interval);
  } catch (cause) {
    throw new DrillError(
      `the raft snapshot interval could not be set back to ${interval}: ${reasonOf(cause)}${failed}`,
      {
        code: 'snapshot-interval',
        cause,
        hint: `Run this on a manager: docker swarm update --snapshot-interval ${interval}. The next backup or restore here tries it again.`,
      },
    );
  }
}

/** Milliseconds between two entries that are written while the manager has not taken its snapshot. */
const NUDGE_MS = 500;

async function waitForSnapshot({ engine, root, name }: Manager): Promise<number> {
  // The version of an object is the raft index that its change was based on.
  const needed = (await engine.swarm.inspect()).Version.Index;
  let nextNudge = 0;
  try {
    return await waitUntil(
      `a raft snapshot on ${name}`,
      async () => {
        const newest = newestIndex(await root.list(SNAPSHOTS));
        if (newest >= needed) return { done: newest };
        if (Date.now() >= nextNudge) {
          // A new interval counts from the entry after it, and an idle swarm writes none: the same update again is one.
          await writeSnapshotInterval(engine, 1);
          nextNudge = Date.now() + NUDGE_MS;
        }
        return { notYet: `its newest one ends at index ${newest} (expected ${needed} or later)` };
      },
      { limit: ENGINE_LIMIT },
    );
  } catch (cause) {
    throw new DrillError(`${name} took no raft snapshot: ${reasonOf(cause)}`, {
      code: 'no-raft-snapshot',
      cause,
      hint: "Look for raft errors in its engine's log. With --no-raft-snapshot the backup does without: a restore then waits up to 20 s longer.",
    });
  }
}

const newestIndex = (files: readonly string[]): number =>
  Math.max(0, ...files.map((file) => Number.parseInt(SNAPSHOT.exec(file)?.groups?.['index'] ?? '0', 16)));

/** Does nothing when it has that value already. */
async function setSnapshotInterval(engine: Engine, interval: number): Promise<void> {
  if ((await readSnapshotInterval(engine)) !== interval) await writeSnapshotInterval(engine, interval);
}

/** Changes only the interval. Writes a raft entry in any case. */
const writeSnapshotInterval = (engine: Engine, interval: number): Promise<boolean> =>
  waitUntil(
    `the swarm to take the snapshot interval ${interval}`,
    async () => {
      const { Spec, Version } = await engine.swarm.inspect();
      try {
        await engine.swarm.update(Version, { ...Spec, Raft: { ...Spec.Raft, SnapshotInterval: interval } });
        return { done: true };
      } catch (error) {
        const reason = reasonOf(error);
        // The specification was changed between the two calls.
        return reason.includes('out of sequence') ? { notYet: reason } : { giveUp: reason };
      }
    },
    { limit: seconds(30) },
  );
