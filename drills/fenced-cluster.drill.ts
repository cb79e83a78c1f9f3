// A manager is lost, and its backup is restored, although the other managers of the old cluster still run: two clusters with one identity.
// Workers follow the one that answers first, and both accept changes.
//
// The old managers have to be fenced before the restore: stopped for good, or cut off. The worker that survives finds the restored manager
// at the address that it knows.
//
// https://github.com/moby/moby/issues/34722
import { checks, disasters, drill, methods, minutes, recoveries } from 'swarm-drill';
import { onlyOneCluster } from '../fixtures/old-cluster.ts';
import { Notes, notes } from '../fixtures/notes/notes.ts';

export default drill('old cluster alive: its managers are fenced before the backup is restored', {
  failure: 'restore next to a cluster that is alive',
  topology: { managers: 3, workers: 1 },
  images: notes.images,
  objectives: { rto: minutes(2) },
  recoveryPoint: 'latest',

  async seed({ swarm, seed, size }) {
    const pad = await notes.deploy(swarm, { seed, size });
    return { app: pad, pad };
  },
  async baseline({ seeded: { pad } }) {
    return { contents: await pad.contents() };
  },
  backup: async ({ swarm, vault, seeded: { pad } }) => ({
    state: await vault.keep(methods.swarmState(), swarm),
    files: await vault.keep(methods.volumeArchive(), await pad.volume()),
  }),
  drift: ({ write }) => write(5),
  // The one that was backed up: the restored manager gets its address.
  disaster: async ({ swarm }) => disasters.destroyNodes(swarm, await swarm.follower()),
  async restore({ site, kept, survivors }) {
    const old = survivors.managers;
    await recoveries.fenceNodes(old);
    const swarm = await kept.state.restoreInto(site);
    await recoveries.reconnectNodes(swarm, survivors.workers);
    await swarm.converged();
    const pad = new Notes(swarm);
    return { swarm, pad, app: pad, old };
  },
  verify: ({ restored: { swarm, pad, old }, baseline }) => [
    onlyOneCluster(swarm, old),
    checks.nodesActive(swarm),
    checks.tasksRunning(swarm),
    ...pad.checks(baseline.contents),
  ],
});
