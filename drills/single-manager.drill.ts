// The only node and its disk are lost. This is the smallest drill: copy it to write your own.
import { baselines, checks, disasters, drill, methods, seconds } from 'swarm-drill';
import { ledger } from '../fixtures/ledger/ledger.ts';

const archive = methods.volumeArchive();

export default drill('single manager: the ledger comes back after its only disk is lost', {
  tags: ['smoke', 'nightly'],
  topology: { managers: 1, workers: 0 },
  images: ledger.images,
  failure: 'loss of the only node',
  objectives: { rto: seconds(60), rpo: seconds(60) },

  // 1. Deploy an application and fill it with data made from the seed.
  async seed({ swarm, seed, size }) {
    const shop = await ledger.deploy(swarm, { seed, size });
    return { app: shop, shop };
  },
  // 2. Record what must be the same after the restore.
  async baseline({ swarm, seeded: { shop } }) {
    return { mounted: await baselines.mountedFiles(swarm), contents: await shop.contents() };
  },
  // 3. Back up to the vault, off site.
  async backup({ swarm, vault, seeded: { shop } }) {
    return {
      state: await vault.keep(methods.swarmState(), swarm),
      dump: await vault.keep(methods.postgresDump(), shop.database),
      files: await vault.keep(archive, await shop.files()),
    };
  },
  // 4. Keep writing after the backup: these writes will be lost, and are counted.
  drift: ({ write }) => write(5),
  // 5. Destroy the swarm, with proof.
  disaster: ({ swarm }) => disasters.destroyAllNodes(swarm),
  // 6. Restore from the backups, on an empty site.
  async restore({ site, kept }) {
    const swarm = await kept.state.restoreInto(site);
    const shop = await ledger.restoreInto(swarm, kept);
    return { swarm, shop, app: shop };
  },
  // 7. Compare the restored swarm with the baseline.
  verify: ({ restored: { swarm, shop }, baseline }) => [
    checks.managersReachable(swarm, 1),
    checks.tasksRunning(swarm),
    checks.inventoryMatches(swarm, baseline.inventory),
    checks.mountedFilesMatch(swarm, baseline.mounted),
    // Without what the method declares as lost.
    ...shop.checks(baseline.contents, { loses: archive.loses }),
  ],
});
