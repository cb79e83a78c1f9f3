// A swarm whose root certificate was rotated once (`docker swarm ca --rotate`) loses every node. A forced initialisation sets the
// number of rotations that are asked for back to 0; the swarm has done one, and begins another. That rotation ends when every node that
// raft lists has a new certificate, and the lost ones never get one. Right: ask for the same number again, as
// `swarm-drill swarm restore` does. See docs/swarm-facts.md.
import { baselines, checks, disasters, drill, methods, seconds } from 'swarm-drill';
import { waitUntil } from 'swarm-drill/workload';
import { ledger } from '../fixtures/ledger/ledger.ts';

const archive = methods.volumeArchive();

export default drill('rotated CA: the restored swarm keeps its root certificate, and rotates nothing', {
  topology: { managers: 3, workers: 0 },
  images: ledger.images,
  objectives: { rto: seconds(120), rpo: seconds(120) },

  async seed({ swarm, seed, size }) {
    const manager = await swarm.manager();
    await manager.exec(['docker', 'swarm', 'ca', '--rotate', '--detach']);
    await waitUntil(
      'the rotation of the root certificate',
      async () =>
        (await manager.engine.swarm.inspect()).RootRotationInProgress
          ? { notYet: 'not every node has a new certificate' }
          : { done: true },
      { limit: seconds(60) },
    );
    const shop = await ledger.deploy(swarm, { seed, size });
    return { app: shop, shop };
  },
  async baseline({ swarm, seeded: { shop } }) {
    return {
      mounted: await baselines.mountedFiles(swarm),
      rootCertificate: await baselines.rootCertificate(swarm),
      contents: await shop.contents(),
    };
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
    checks.rootCertificateStable(swarm, baseline.rootCertificate),
    checks.tasksRunning(swarm),
    checks.inventoryMatches(swarm, baseline.inventory),
    checks.mountedFilesMatch(swarm, baseline.mounted),
    ...shop.checks(baseline.contents, { loses: archive.loses }),
  ],
});
