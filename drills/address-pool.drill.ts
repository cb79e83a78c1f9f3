// A swarm with its own address pool loses every node. The networks that existed come back with their subnets; the question is where
// new ones get theirs from. `docker swarm init --force-new-cluster` of CLI 25 and later sends an empty pool: the leader then takes
// Docker's built-in one, 10.0.0.0/8, while `docker info` still shows the pool of the swarm. Right: give the pool again, as
// `swarm-drill swarm restore` does. See docs/swarm-facts.md; the pool is often chosen since 10.0.0.0/8 is taken, as in
// https://github.com/moby/moby/issues/37823
import { baselines, checks, disasters, drill, methods, seconds } from 'swarm-drill';
import { ledger } from '../fixtures/ledger/ledger.ts';

const archive = methods.volumeArchive();
const addressPool = { pools: ['10.77.0.0/16'], subnetSize: 26 };

export default drill('address pool: new networks of the restored swarm come from the pool of the old one', {
  topology: { managers: 3, workers: 0 },
  addressPool,
  images: ledger.images,
  objectives: { rto: seconds(120), rpo: seconds(120) },

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
  drift: ({ write }) => write(5),
  disaster: ({ swarm }) => disasters.destroyAllNodes(swarm),
  async restore({ site, kept }) {
    const swarm = await kept.state.restoreInto({ site, join: { managers: 2 } });
    const shop = await ledger.restoreInto(swarm, kept);
    return { swarm, shop, app: shop };
  },
  verify: ({ restored: { swarm, shop }, baseline }) => [
    checks.managersReachable(swarm, 3),
    checks.tasksRunning(swarm),
    checks.inventoryMatches(swarm, baseline.inventory),
    checks.mountedFilesMatch(swarm, baseline.mounted),
    ...shop.checks(baseline.contents, { loses: archive.loses }),
    checks.newNetworksFromPool(swarm, addressPool),
  ],
});
