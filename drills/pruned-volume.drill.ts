// A service is scaled to 0 for maintenance, and someone frees disk space with `docker volume prune --all` (or, before Docker 23, with
// `docker system prune --volumes`): no container uses the volume at that moment, so it is removed. Scaled up again, the service gets a
// new volume of the same name, and is healthy.
//
// The recovery restores while the service is still at 0, and scales it up only then.
//
// https://github.com/moby/moby/issues/31757
import { baselines, checks, drill, methods, minutes } from 'swarm-drill';
import { pruneWhileScaledToZero } from '../fixtures/mistakes.ts';
import { Notes, notes } from '../fixtures/notes/notes.ts';
import { scaleService } from '../fixtures/operator.ts';

export default drill('pruned volume: the data of a service that was scaled to 0 is pruned', {
  topology: { managers: 1, workers: 0 },
  images: notes.images,
  objectives: { rto: minutes(2), rpo: minutes(5) },

  async seed({ swarm, seed, size }) {
    const pad = await notes.deploy(swarm, { seed, size });
    return { app: pad, pad };
  },
  async baseline({ swarm, seeded: { pad } }) {
    return { volumes: await baselines.mountedVolumes(swarm), contents: await pad.contents() };
  },
  backup: async ({ vault, seeded: { pad } }) => ({
    files: await vault.keep(methods.volumeArchive(), await pad.volume()),
  }),
  drift: ({ write }) => write(5),
  async disaster({ swarm }) {
    const pad = new Notes(swarm);
    return pruneWhileScaledToZero(swarm, pad.service, await pad.volume());
  },
  async restore({ kept, survivors: swarm }) {
    const pad = new Notes(swarm);
    await kept.files.restoreInto(notes.volumeOn(swarm, { 'manager-1': notes.labels }));
    await scaleService(swarm, pad.service, 1);
    await swarm.converged();
    return { swarm, pad, app: pad };
  },
  verify: ({ restored: { swarm, pad }, baseline }) => [
    checks.tasksRunning(swarm),
    checks.inventoryMatches(swarm, baseline.inventory),
    checks.mountedVolumesMatch(swarm, baseline.volumes),
    ...pad.checks(baseline.contents),
  ],
});
