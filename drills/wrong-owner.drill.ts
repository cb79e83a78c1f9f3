// A service that runs as an ordinary user gets its files back with another owner. Everything can be read, root even writes, and the
// service can't: `docker cp` without -a and a tar that root unpacks without the numeric owners do that, and a restore of everything in a
// directory but not of the directory itself leaves its root to the engine, which creates it for root.
//
// The recovery restores owner and mode of every entry and of the root directory, as numbers. Proof is what the service's own user may do.
//
// https://github.com/dappnode/DNP_DAPPMANAGER/issues/456, https://github.com/camptocamp/bivac/issues/368
import { baselines, checks, disasters, drill, methods, minutes, seconds } from 'swarm-drill';
import { Notes, notes } from '../fixtures/notes/notes.ts';
import { AS_USER } from '../fixtures/notes/variants.ts';
import { restoreWhileStopped } from '../fixtures/operator.ts';

const archive = methods.volumeArchive();

export default drill('wrong owner: the service may write its restored files', {
  topology: { managers: 1, workers: 0 },
  images: notes.images,
  objectives: { rto: minutes(2), rpo: minutes(5) },
  // A service that may not write its files does not answer later, either.
  firstResponseLimit: seconds(20),

  async seed({ swarm, seed, size }) {
    const pad = await notes.deploy(swarm, { seed, size, changes: AS_USER, owner: '1000:1000' });
    return { app: pad, pad };
  },
  async baseline({ swarm, seeded: { pad } }) {
    return { volumes: await baselines.mountedVolumes(swarm), contents: await pad.contents() };
  },
  backup: async ({ vault, seeded: { pad } }) => ({ files: await vault.keep(archive, await pad.volume()) }),
  drift: ({ write }) => write(5),
  disaster: ({ swarm }) => disasters.removeVolumes(swarm, 'manager-1', notes.volumeName),
  async restore({ kept, survivors: swarm }) {
    const pad = new Notes(swarm);
    await restoreWhileStopped(pad.service, notes.volumeOn(swarm, { 'manager-1': notes.labels }), kept.files);
    await swarm.converged();
    return { swarm, pad, app: pad };
  },
  verify: ({ restored: { swarm, pad }, baseline }) => [
    checks.tasksRunning(swarm),
    checks.mountedVolumesMatch(swarm, baseline.volumes),
    ...pad.checks(baseline.contents),
  ],
});
