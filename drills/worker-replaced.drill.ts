// A worker and its disk are lost. Its replacement has the same name and another node id, so it has no labels: it joins, its volume is
// restored, and then it gets the labels that let the service start there.
// https://github.com/moby/moby/issues/30059: until then the service exists and its task is pending.
import { checks, disasters, drill, methods, recoveries, seconds } from 'swarm-drill';
import { Notes, notes } from '../fixtures/notes/notes.ts';

export default drill('worker replaced: its volume and labels come back with it', {
  topology: { managers: 1, workers: 1 },
  images: notes.images,
  objectives: { rto: seconds(60), rpo: seconds(60) },

  async seed({ swarm, seed, size }) {
    const pad = await notes.deploy(swarm, { seed, size });
    return { app: pad, pad };
  },
  baseline: async ({ seeded: { pad } }) => ({ contents: await pad.contents() }),
  backup: async ({ vault, seeded: { pad } }) => ({
    files: await vault.keep(methods.volumeArchive(), await pad.volume()),
  }),
  drift: ({ write }) => write(5),
  disaster: ({ swarm }) => disasters.destroyNodes(swarm, swarm.workers),
  async restore({ kept, survivors: swarm }) {
    const labels = await recoveries.replaceLostNodes(swarm, { moveLabels: false });
    await kept.files.restoreInto(notes.volumeOn(swarm, labels));
    await recoveries.relabel(swarm, labels);
    await swarm.converged();
    const pad = new Notes(swarm);
    return { swarm, pad, app: pad };
  },
  verify: ({ restored: { swarm, pad }, baseline }) => [
    checks.tasksRunning(swarm),
    checks.inventoryMatches(swarm, baseline.inventory),
    ...pad.checks(baseline.contents),
  ],
});
