// A power cut leaves a manager with a raft log that can't be read. Its engine starts and answers, and only `docker info` shows that it is not
// a manager any more: "can't initialize raft node".
//
// - one-of-three: some bytes differ. The others have a quorum: the broken one is demoted, removed, leaves and joins again. (If the end is
//   missing instead, the engine does not even stay up: "tocommit is out of range … Was the raft log corrupted".)
// - single: the end is missing. There is nothing to join: the swarm is restored from its backup.
//
// https://github.com/moby/swarmkit/issues/2959 https://github.com/moby/moby/issues/29180
import { baselines, checks, disasters, drill, methods, minutes, type Swarm } from 'swarm-drill';
import { readSwarmError, rejoinBrokenManager, startRefused } from '../fixtures/broken-manager.ts';
import { Notes, notes } from '../fixtures/notes/notes.ts';

const LOG = '/var/lib/docker/swarm/raft/wal-v3-encrypted/*.wal';
/** Bytes of one entry. */
const changedBytes = (swarm: Swarm, name: string) =>
  disasters.corruptFiles(swarm, name, { files: LOG, at: 1000, bytes: 16 });
/** So little is left that the place where raft begins to read is gone. */
const missingEnd = (swarm: Swarm, name: string) =>
  disasters.truncateFiles(swarm, name, { files: LOG, to: 100 });
/** What Docker says, in its versions. */
const REASON = /WAL|raft/;

const archive = methods.volumeArchive();

/** Kills the manager and damages its log. @returns the swarm of the others, and what starts the broken one */
async function breakLog(swarm: Swarm, name: string, damage: typeof missingEnd) {
  const off = await disasters.killNodes(swarm, name);
  const damaged = await damage(swarm, name);
  return {
    proof: disasters.combine(off, damaged).proof,
    survivors: {
      others: off.survivors,
      startBroken: async () => {
        await off.undo();
        return swarm.node(name);
      },
    },
  };
}

export const oneOfThree = drill('damaged raft log: one manager of three joins again', {
  variant: 'one-of-three',
  failure: 'damaged raft log of one manager',
  topology: { managers: 3, workers: 0 },
  images: notes.images,
  objectives: { rto: minutes(2) },
  recoveryPoint: 'latest',

  async seed({ swarm, seed, size }) {
    const pad = await notes.deploy(swarm, { seed, size, on: 'manager-1' });
    return { app: pad, pad };
  },
  async baseline({ seeded: { pad } }) {
    return { contents: await pad.contents() };
  },
  backup: async ({ vault, seeded: { pad } }) => ({ files: await vault.keep(archive, await pad.volume()) }),
  drift: ({ write }) => write(5),
  disaster: ({ swarm }) => breakLog(swarm, 'manager-3', changedBytes),
  async restore({ survivors: { others: swarm, startBroken } }) {
    const broken = await startBroken();
    const seen = await readSwarmError(broken);
    await rejoinBrokenManager(swarm, broken);
    await swarm.converged();
    const pad = new Notes(swarm);
    return { swarm, pad, app: pad, seen };
  },
  verify: ({ restored: { swarm, pad, seen }, baseline }) => [
    startRefused(seen, REASON),
    checks.managersReachable(swarm, 3),
    checks.nodesActive(swarm),
    checks.tasksRunning(swarm),
    checks.inventoryMatches(swarm, baseline.inventory),
    ...pad.checks(baseline.contents),
    checks.survivesLeaderLoss(swarm),
  ],
});

export const single = drill('truncated raft log: a single manager is restored from its backup', {
  variant: 'single',
  failure: 'damaged raft log of the only manager',
  topology: { managers: 1, workers: 0 },
  images: notes.images,
  objectives: { rto: minutes(2), rpo: minutes(3) },

  async seed({ swarm, seed, size }) {
    const pad = await notes.deploy(swarm, { seed, size });
    return { app: pad, pad };
  },
  async baseline({ swarm, seeded: { pad } }) {
    return { mounted: await baselines.mountedFiles(swarm), contents: await pad.contents() };
  },
  backup: async ({ swarm, vault, seeded: { pad } }) => ({
    state: await vault.keep(methods.swarmState(), swarm),
    files: await vault.keep(archive, await pad.volume()),
  }),
  drift: ({ write }) => write(5),
  disaster: ({ swarm }) => breakLog(swarm, 'manager-1', missingEnd),
  async restore({ site, kept, survivors: { startBroken } }) {
    const broken = await startBroken();
    const seen = await readSwarmError(broken);
    // Its machine is set up again: the new manager needs its address.
    await broken.destroy();
    const swarm = await kept.state.restoreInto(site);
    const pad = await notes.restoreInto(swarm, kept);
    return { swarm, pad, app: pad, seen };
  },
  verify: ({ restored: { swarm, pad, seen }, baseline }) => [
    startRefused(seen, REASON),
    checks.managersReachable(swarm, 1),
    checks.nodesActive(swarm),
    checks.tasksRunning(swarm),
    checks.inventoryMatches(swarm, baseline.inventory),
    checks.mountedFilesMatch(swarm, baseline.mounted),
    ...pad.checks(baseline.contents),
  ],
});
