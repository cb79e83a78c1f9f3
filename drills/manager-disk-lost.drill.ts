// The only manager's disk is lost; the worker runs on with its data. The manager's state is restored at the old address, so the worker
// finds it again: same cluster, same node ids, and no write is lost.
// https://github.com/moby/moby/issues/24106: at another address, or as another cluster, the worker would never come back.
import { baselines, checks, disasters, drill, methods, recoveries, seconds } from 'swarm-drill';
import { Notes, notes } from '../fixtures/notes/notes.ts';

export default drill('manager disk lost: the worker comes back to the restored manager', {
  topology: { managers: 1, workers: 1 },
  images: notes.images,
  objectives: { rto: seconds(60), rpo: seconds(1) },
  recoveryPoint: 'latest',

  async seed({ swarm, seed, size }) {
    const pad = await notes.deploy(swarm, { seed, size });
    return { app: pad, pad };
  },
  async baseline({ swarm, seeded: { pad } }) {
    return {
      identity: await baselines.identity(swarm),
      mounted: await baselines.mountedFiles(swarm),
      contents: await pad.contents(),
    };
  },
  backup: async ({ swarm, vault }) => ({ state: await vault.keep(methods.swarmState(), swarm) }),
  drift: ({ write }) => write(5),
  disaster: ({ swarm }) => disasters.destroyNodes(swarm, swarm.managers),
  async restore({ site, kept, survivors }) {
    const swarm = await kept.state.restoreInto(site);
    await recoveries.reconnectNodes(swarm, survivors.nodes);
    await swarm.converged();
    const pad = new Notes(swarm);
    return { swarm, pad, app: pad };
  },
  verify: ({ restored: { swarm, pad }, baseline }) => [
    checks.managersReachable(swarm, 1),
    checks.identityMatches(swarm, baseline.identity),
    // What `docker service ls` counts is what raft remembers; this asks the nodes.
    checks.tasksRunning(swarm),
    checks.inventoryMatches(swarm, baseline.inventory),
    ...pad.checks(baseline.contents),
    checks.newTaskHasItsFiles(swarm, pad.service, baseline.mounted),
  ],
});
