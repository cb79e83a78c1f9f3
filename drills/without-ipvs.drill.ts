// Every node is lost, and the new hosts have a kernel without IPVS (`ip_vs`), as many small virtual machines and containers do. Every task
// runs, every health check passes, and no virtual IP and no port of the routing mesh carries traffic.
//
// Right: services that must run on such hosts are reached by name in round robin (`endpoint_mode: dnsrr`) and by ports of their host
// (`mode: host`). The proof is a request, from every node by name, and from outside by the host's port. The number of tasks proves nothing.
//
// https://github.com/moby/moby/issues/28168
import { checks, disasters, drill, methods, seconds } from 'swarm-drill';
import { notes, type Notes } from '../fixtures/notes/notes.ts';
import { readersReachNotes } from '../fixtures/notes/readers.ts';
import { WITH_READERS } from '../fixtures/notes/variants.ts';

export default drill('without IPVS: the restored service is reached by name and by the port of its host', {
  topology: { managers: 1, workers: 1 },
  failure: 'kernel without IPVS',
  images: notes.images,
  objectives: { rto: seconds(120), rpo: seconds(90) },

  async seed({ swarm, seed, size }) {
    const pad: Notes = await notes.deploy(swarm, { seed, size, changes: WITH_READERS });
    return { app: pad, pad };
  },
  baseline: async ({ seeded: { pad } }) => ({ contents: await pad.contents() }),
  async backup({ swarm, vault, seeded: { pad } }) {
    return {
      state: await vault.keep(methods.swarmState(), swarm),
      files: await vault.keep(methods.volumeArchive(), await pad.volume()),
    };
  },
  drift: ({ write }) => write(5),
  disaster: ({ swarm }) => disasters.destroyAllNodes(swarm),
  async restore({ site, kept }) {
    const swarm = await kept.state.restoreInto({ site, join: { workers: 1 } });
    const pad = await notes.restoreInto(swarm, kept);
    return { swarm, pad, app: pad };
  },
  verify: ({ restored: { swarm, pad }, baseline }) => [
    checks.tasksRunning(swarm),
    checks.inventoryMatches(swarm, baseline.inventory),
    readersReachNotes(swarm, baseline.contents.length),
    ...pad.checks(baseline.contents),
  ],
});
