// Every node is destroyed at once. Is the off-site backup enough to restore everything?
import { baselines, checks, disasters, drill, methods, seconds } from 'swarm-drill';
import { ledger } from '../fixtures/ledger/ledger.ts';

const archive = methods.volumeArchive();

export default drill('total loss: the ledger comes back from the off-site backup', {
  tags: ['smoke', 'nightly'],
  topology: { managers: 3, workers: 2 },
  images: ledger.images,
  failure: 'loss of every node',
  objectives: { rto: seconds(90), rpo: seconds(60) },
  continuousWrites: true,

  async seed({ swarm, seed, size }) {
    const shop = await ledger.deploy(swarm, { seed, size });
    return { app: shop, shop };
  },

  async baseline({ swarm, seeded: { shop } }) {
    return { mounted: await baselines.mountedFiles(swarm), contents: await shop.contents() };
  },

  async backup({ swarm, vault, seeded: { shop } }) {
    return {
      state: await vault.keep(methods.swarmState(), swarm),
      dump: await vault.keep(methods.postgresDump(), shop.database),
      files: await vault.keep(archive, await shop.files()),
    };
  },

  drift: ({ write }) => write(20),

  disaster: ({ swarm }) => disasters.destroyAllNodes(swarm),

  async restore({ site, kept }) {
    const swarm = await kept.state.restoreInto({ site, join: { managers: 2, workers: 2 } });
    const shop = await ledger.restoreInto(swarm, kept);
    return { swarm, shop, app: shop };
  },

  verify: ({ restored: { swarm, shop }, baseline }) => [
    checks.managersReachable(swarm, 3),
    checks.tasksRunning(swarm),
    checks.inventoryMatches(swarm, baseline.inventory),
    checks.mountedFilesMatch(swarm, baseline.mounted),
    ...shop.checks(baseline.contents, { loses: archive.loses }),
    checks.routingMeshAnswers(swarm, ledger.meshPort),
    checks.survivesLeaderLoss(swarm),
  ],
});
