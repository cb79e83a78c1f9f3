// The volume of the database is lost. The service starts on an empty one, initialises it, and passes its health check.
//
// `pg_dump` has no roles: owners, grants and passwords belong to the server, not to the database. Restored with psql, each GRANT fails,
// psql ends with exit code 0 all the same, and the superuser sees every row. The application can't log in.
//
// The recovery restores the roles first (`pg_dumpall --globals-only`). Proof is that each role logs in with its password, may do what it
// could, and nothing else.
//
// https://github.com/nextcloud/documentation/issues/8001
import { checks, disasters, drill, methods, minutes } from 'swarm-drill';
import { Ledger, ledger } from '../fixtures/ledger/ledger.ts';

export default drill('database roles: the roles of the database log in after a restore from a dump', {
  topology: { managers: 1, workers: 0 },
  images: ledger.images,
  objectives: { rto: minutes(2), rpo: minutes(5) },

  async seed({ swarm, seed, size }) {
    const shop = await ledger.deploy(swarm, { seed, size });
    return { app: shop, shop };
  },
  baseline: async ({ seeded: { shop } }) => ({ contents: await shop.contents() }),
  backup: async ({ vault, seeded: { shop } }) => ({
    dump: await vault.keep(methods.postgresDump(), shop.database),
  }),
  drift: ({ write }) => write(5),
  disaster: ({ swarm }) => disasters.removeVolumes(swarm, 'manager-1', ledger.databaseVolume),
  async restore({ kept, survivors: swarm }) {
    await swarm.converged();
    const shop = new Ledger(swarm);
    await kept.dump.restoreInto(shop.database);
    return { swarm, shop, app: shop };
  },
  verify: ({ restored: { swarm, shop }, baseline }) => [
    checks.tasksRunning(swarm),
    ...shop.checks(baseline.contents),
  ],
});
