// A volume is lost whose files have what many copies leave out: extended attributes, ACLs, hard links, holes. A comparison of hashes is
// equal, and programs that rely on these fail later: capabilities are gone, shared files drift apart, a sparse image fills the disk.
//
// The recovery uses a copy that keeps them: `rsync -aHAXS --numeric-ids`, or tar with attributes and ACLs. Proof is all metadata of every
// entry, link counts and allocated blocks.
//
// https://github.com/ewxrjk/rsbackup/issues/37
import { checks, disasters, drill, methods, minutes } from 'swarm-drill';
import { Ledger, ledger } from '../fixtures/ledger/ledger.ts';
import { restoreWhileStopped } from '../fixtures/operator.ts';

const copy = methods.rsync({ preserve: 'all' });

export default drill('file metadata: attributes, ACLs, hard links and holes come back', {
  topology: { managers: 1, workers: 0 },
  images: ledger.images,
  objectives: { rto: minutes(2) },
  // The writes are in the database, which is not lost.
  recoveryPoint: 'latest',

  async seed({ swarm, seed, size }) {
    const shop = await ledger.deploy(swarm, { seed, size });
    return { app: shop, shop };
  },
  baseline: async ({ seeded: { shop } }) => ({ contents: await shop.contents() }),
  backup: async ({ vault, seeded: { shop } }) => ({ files: await vault.keep(copy, await shop.files()) }),
  drift: ({ write }) => write(5),
  disaster: ({ swarm }) => disasters.removeVolumes(swarm, 'manager-1', ledger.filesVolume),
  async restore({ kept, survivors: swarm }) {
    const volume = { swarm, node: swarm.node('manager-1'), name: ledger.filesVolume };
    await restoreWhileStopped(ledger.filesService, volume, kept.files);
    await swarm.converged();
    const shop = new Ledger(swarm);
    return { swarm, shop, app: shop };
  },
  verify: ({ restored: { swarm, shop }, baseline }) => [
    checks.tasksRunning(swarm),
    ...shop.checks(baseline.contents, { loses: copy.loses, laterWrites: true }),
  ],
});
