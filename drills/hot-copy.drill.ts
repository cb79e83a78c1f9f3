// Swarm state is copied while the engine writes to it, which Docker's guide calls possible and less predictable. A copy of an idle swarm says
// nothing about that: here objects are created all the time, before, during and after the copy.
//
// Everything that was acknowledged before the copy began has to be in the restored swarm; or the restore refuses the copy.
//
// https://docs.docker.com/engine/swarm/admin_guide/#back-up-the-swarm
import { checks, disasters, drill, methods, minutes } from 'swarm-drill';
import { acknowledgedConfigsPresent, writeConfigsDuring } from '../fixtures/config-writer.ts';
import { notes } from '../fixtures/notes/notes.ts';

export default drill('hot copy under writes: every change from before the copy is restored', {
  failure: 'loss of the only node, hot copy of swarm state',
  topology: { managers: 1, workers: 0 },
  images: notes.images,
  objectives: { rto: minutes(2), rpo: minutes(3) },

  async seed({ swarm, seed, size }) {
    const pad = await notes.deploy(swarm, { seed, size });
    // Names of the configs that were acknowledged before the copy began.
    return { app: pad, pad, acknowledged: [] as string[] };
  },
  async baseline({ seeded: { pad, acknowledged } }) {
    return { contents: await pad.contents(), acknowledged };
  },
  async backup({ swarm, vault, seeded: { pad, acknowledged } }) {
    const { result: state, before } = await writeConfigsDuring(swarm, () =>
      vault.keep(methods.swarmState({ hot: true }), swarm),
    );
    acknowledged.push(...before);
    return { state, files: await vault.keep(methods.volumeArchive(), await pad.volume()) };
  },
  drift: ({ write }) => write(5),
  disaster: ({ swarm }) => disasters.destroyAllNodes(swarm),
  async restore({ site, kept }) {
    const swarm = await kept.state.restoreInto(site);
    const pad = await notes.restoreInto(swarm, kept);
    return { swarm, pad, app: pad };
  },
  verify: ({ restored: { swarm, pad }, baseline }) => [
    acknowledgedConfigsPresent(swarm, baseline.acknowledged),
    checks.managersReachable(swarm, 1),
    checks.nodesActive(swarm),
    checks.tasksRunning(swarm),
    ...pad.checks(baseline.contents),
  ],
});
