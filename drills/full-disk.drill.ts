// The disk of a manager is full. Raft writes into space that it has reserved, so nothing happens for hours; when it needs the next file, the
// manager stops. The others go on.
//
// The recovery frees space first, and then lets the manager start from nothing: demoted, removed, it leaves and joins again. Starting it
// again is not enough, as its log misses what it could not write.
//
// https://github.com/moby/moby/issues/46390
import { checks, disasters, drill, methods, minutes, seconds } from 'swarm-drill';
import { readSwarmError, rejoinBrokenManager, startRefused } from '../fixtures/broken-manager.ts';
import { Notes, notes } from '../fixtures/notes/notes.ts';
import { fillRaftLog } from '../fixtures/raft-log.ts';

export default drill('full disk: a manager that could not write its raft log joins again', {
  failure: 'full disk of one manager',
  // Room for the log of the manager that joins again: four files of 64 MB.
  topology: { managers: 3, workers: 0, limitedDisks: { 'manager-3': { part: 'swarm', bytes: 400e6 } } },
  images: notes.images,
  objectives: { rto: minutes(2) },
  recoveryPoint: 'latest',
  tags: ['weekly'],

  async seed({ swarm, seed, size }) {
    const pad = await notes.deploy(swarm, { seed, size, on: 'manager-1' });
    return { app: pad, pad };
  },
  async baseline({ seeded: { pad } }) {
    return { contents: await pad.contents() };
  },
  backup: async ({ vault, seeded: { pad } }) => ({
    files: await vault.keep(methods.volumeArchive(), await pad.volume()),
  }),
  drift: ({ write }) => write(5),
  async disaster({ swarm }) {
    const full = await disasters.fillDisk(swarm, 'manager-3');
    const proof = await fillRaftLog(swarm, 'manager-3');
    return { proof: [...full.proof, ...proof], survivors: { swarm, freeSpace: full.undo } };
  },
  async restore({ survivors: { swarm, freeSpace } }) {
    const broken = swarm.node('manager-3');
    const seen = await readSwarmError(broken);
    await freeSpace();
    await rejoinBrokenManager(swarm, broken);
    await swarm.converged(seconds(60));
    const pad = new Notes(swarm);
    return { swarm, pad, app: pad, seen };
  },
  verify: ({ restored: { swarm, pad, seen }, baseline }) => [
    startRefused(seen, /max entry size limit exceeded|no space left on device/),
    checks.managersReachable(swarm, 3),
    checks.nodesActive(swarm),
    checks.tasksRunning(swarm),
    checks.inventoryMatches(swarm, baseline.inventory),
    ...pad.checks(baseline.contents),
    checks.survivesLeaderLoss(swarm),
  ],
});
