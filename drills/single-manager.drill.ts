// One node is all there is, and its disk is lost. Seconds long: the drill to copy when you write your own.
import { baselines, checks, disasters, drill, methods, seconds } from 'swarm-drill';
import { ledger } from '../fixtures/ledger/ledger.ts';

export default drill('single manager: its only disk is lost, and the ledger comes back', {
  topology: { managers: 1, workers: 0 },
  objectives: { rto: seconds(60), rpo: seconds(60) },

  // 1. What there is before: a stack with data in it, all made from the seed.
  async seed({ swarm, seed, size }) {
    const shop = await ledger.deploy(swarm, { seed, size });
    return { app: shop, shop };
  },
  // 2. What must be true again afterwards.
  async baseline({ swarm, seeded: { shop } }) {
    return { mounted: await baselines.mountedFiles(swarm), contents: await shop.contents() };
  },
  // 3. What is carried off site.
  async backup({ swarm, vault, seeded: { shop } }) {
    return {
      state: await vault.keep(methods.swarmState(), swarm),
      dump: await vault.keep(methods.postgresDump(), shop.database),
      files: await vault.keep(methods.volumeArchive(), await shop.files()),
    };
  },
  // 4. Life goes on; these writes are lost, and counted.
  drift: ({ write }) => write(5),
  // 5. The failure, with proof.
  disaster: ({ swarm }) => disasters.destroyAllNodes(swarm),
  // 6. The way back: from `kept` and the empty site alone.
  async restore({ site, kept }) {
    const swarm = await kept.state.restoreInto(site);
    const shop = await ledger.restoreInto(swarm, kept);
    return { swarm, shop, app: shop };
  },
  // 7. What is compared.
  verify: ({ restored: { swarm, shop }, baseline }) => [
    checks.managersReachable(swarm, 1),
    checks.tasksRunning(swarm),
    checks.inventoryMatches(swarm, baseline.inventory),
    checks.mountedFilesMatch(swarm, baseline.mounted),
    ...shop.checks(baseline.contents),
  ],
});
