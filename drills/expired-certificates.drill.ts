// The backup is older than the certificates in it: Docker's are valid for 90 days. An engine that starts on such a directory reports that
// its certificate has expired, and is not a manager.
//
// A forced initialisation accepts the expired certificate of the manager and gets a new one from the certificate authority, which is in raft.
// Backups of five minutes ago do not show any of this: here the certificates are signed again, for a time that is over.
//
// https://github.com/moby/moby/issues/24132 https://github.com/moby/moby/issues/42660
import { baselines, checks, disasters, drill, methods, minutes } from 'swarm-drill';
import { notes } from '../fixtures/notes/notes.ts';

export default drill('expired certificates: a backup from before they ended is restored', {
  failure: 'backup older than its certificates',
  topology: { managers: 1, workers: 0 },
  images: notes.images,
  objectives: { rto: minutes(2), rpo: minutes(3) },

  async seed({ swarm, seed, size }) {
    const authority = await disasters.takeOverAuthority(swarm);
    const pad = await notes.deploy(swarm, { seed, size });
    return { app: pad, pad, authority };
  },
  async baseline({ swarm, seeded: { pad } }) {
    return { mounted: await baselines.mountedFiles(swarm), contents: await pad.contents() };
  },
  async backup({ swarm, vault, seeded: { pad, authority } }) {
    // Copied while the engine runs, which has the valid certificate in memory and would not start with the other one.
    const aged = await disasters.expireCertificates(swarm, 'manager-1', { authority });
    const state = await vault.keep(methods.swarmState({ hot: true }), swarm);
    await aged.undo();
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
    checks.certificatesValid(swarm),
    checks.nodesActive(swarm),
    checks.managersReachable(swarm, 1),
    checks.tasksRunning(swarm),
    checks.inventoryMatches(swarm, baseline.inventory),
    checks.mountedFilesMatch(swarm, baseline.mounted),
    ...pad.checks(baseline.contents),
  ],
});
