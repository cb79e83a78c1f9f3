// Someone changes the password of the application's role in the database, and not in the secret that the application gets: a rotation
// that was done by half, or a restore of only one of the two. The server is up, its health check passes, the superuser sees every row,
// and the application is locked out.
//
// Nothing is restored: the role gets the password that is in the secret, and logs in with it. To start the service again does not help,
// since an initialised database ignores the variables of its image.
//
// https://github.com/docker-library/postgres/issues/203
import { checks, disasters, drill, methods, minutes, recoveries } from 'swarm-drill';
import { Ledger, ledger } from '../fixtures/ledger/ledger.ts';

/**
 * Checks that find what had to change: nothing was restored, so there are more rows than in the baseline, and a password that is set again
 * has another salt. That it is the right one is proven by the writes of the application.
 */
const CHANGED = ['rows match', 'roles and grants match'];

export default drill('changed password: the application logs in again with the password in its secret', {
  topology: { managers: 1, workers: 0 },
  failure: 'changed password',
  images: ledger.images,
  objectives: { rto: minutes(2), rpo: minutes(5) },
  recoveryPoint: 'latest',

  async seed({ swarm, seed, size }) {
    const shop = await ledger.deploy(swarm, { seed, size });
    return { app: shop, shop };
  },
  baseline: async ({ seeded: { shop } }) => ({ contents: await shop.contents() }),
  backup: async ({ vault, seeded: { shop } }) => ({
    dump: await vault.keep(methods.postgresDump(), shop.database),
  }),
  drift: ({ write }) => write(5),
  disaster: ({ swarm }) => disasters.changePassword(new Ledger(swarm).database, 'ledger_app'),
  async restore({ survivors: swarm }) {
    const shop = new Ledger(swarm);
    await recoveries.resetPassword({
      swarm,
      service: shop.database.service,
      user: shop.database.user,
      database: shop.database.database,
      role: 'ledger_app',
      file: '/run/secrets/app_password',
    });
    return { swarm, shop, app: shop };
  },
  verify: ({ restored: { swarm, shop }, baseline }) => [
    checks.tasksRunning(swarm),
    ...shop.checks(baseline.contents).filter(({ name }) => !CHANGED.includes(name)),
  ],
});
