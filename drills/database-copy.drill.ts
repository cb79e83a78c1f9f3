// The volume of the database is lost. What is left is a copy of its files, taken while the server ran.
//
// A copy of single files comes from different moments. With the control file and the log of a later moment the server starts cleanly,
// replays nothing of what is missing, and has half of some transactions: rows whose counterpart is older, or gone.
//
// The recovery needs a copy that the server knows about: pg_basebackup, with the WAL that makes it one moment. Proof is a rule that every
// transaction keeps (each receipt adds up to zero), and amcheck for the indexes: that the server started proves neither.
//
// https://github.com/offen/docker-volume-backup/issues/35
import { checks, disasters, drill, methods, minutes } from 'swarm-drill';
import { Ledger, ledger } from '../fixtures/ledger/ledger.ts';
import { restoreWhileStopped } from '../fixtures/operator.ts';

export default drill('database copy: the files of a running database come back as one moment', {
  topology: { managers: 1, workers: 0 },
  images: ledger.images,
  objectives: { rto: minutes(2), rpo: minutes(5) },

  async seed({ swarm, seed, size }) {
    const shop = await ledger.deploy(swarm, { seed, size });
    return { app: shop, shop };
  },
  baseline: async ({ seeded: { shop } }) => ({ contents: await shop.contents() }),
  backup: async ({ vault, seeded: { shop } }) => ({
    database: await vault.keep(methods.postgresBaseBackup(), shop.database),
  }),
  drift: ({ write }) => write(5),
  disaster: ({ swarm }) => disasters.removeVolumes(swarm, 'manager-1', ledger.databaseVolume),
  async restore({ kept, survivors: swarm }) {
    const shop = new Ledger(swarm);
    const volume = { swarm, node: swarm.node('manager-1'), name: ledger.databaseVolume };
    await restoreWhileStopped(shop.database.service, volume, kept.database);
    await swarm.converged();
    return { swarm, shop, app: shop };
  },
  verify: ({ restored: { swarm, shop }, baseline }) => [
    checks.tasksRunning(swarm),
    ...shop.checks(baseline.contents),
  ],
});
