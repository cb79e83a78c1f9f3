// An upgrade moves the data directory out of the volume. The image of Postgres 18 keeps its data in /var/lib/postgresql/18/docker, and
// those before it in /var/lib/postgresql/data, where the volume is mounted. The new task finds no data, initialises a new server next to
// the mount, and is healthy. Nothing is lost yet; what users write from now on is, with the next task.
//
// Here the server stays the same and only its path changes, as PGDATA does it; that a newer major version refuses the old files, and that
// pg_upgrade converts them, is not shown.
//
// The recovery needs no backup: the service gets the path at which the data is. Proof is the old rows, and that no data is outside of a
// volume.
//
// https://github.com/docker-library/postgres/issues/1364, https://github.com/docker-library/postgres/pull/1259
import { checks, drill, methods, minutes, seconds } from 'swarm-drill';
import { Ledger, ledger } from '../fixtures/ledger/ledger.ts';
import { runDocker } from '../fixtures/operator.ts';

const NEW_PATH = '/var/lib/postgresql/18/docker';

export default drill('data directory: an upgrade starts the database next to its volume', {
  topology: { managers: 1, workers: 0 },
  images: ledger.images,
  objectives: { rto: minutes(2), rpo: seconds(1) },
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

  async disaster({ swarm }) {
    const { database } = new Ledger(swarm);
    const before = await dataDirectory(database);
    await runDocker(swarm, 'upgrade', [
      ...['service', 'update', '--detach', '--env-add', `PGDATA=${NEW_PATH}`, database.service],
    ]);
    await swarm.converged();
    return {
      survivors: swarm,
      proof: [{ what: 'data directory', id: database.service, before, after: await dataDirectory(database) }],
    };
  },
  async restore({ survivors: swarm }) {
    const shop = new Ledger(swarm);
    await runDocker(swarm, 'go back to the directory with the data', [
      ...['service', 'update', '--detach', '--env-rm', 'PGDATA', shop.database.service],
    ]);
    await swarm.converged();
    return { swarm, shop, app: shop };
  },
  verify: ({ restored: { swarm, shop }, baseline }) => [
    checks.tasksRunning(swarm),
    checks.dataInVolumes(swarm),
    ...shop.checks(baseline.contents, { laterWrites: true }),
  ],
});

const dataDirectory = ({ swarm, service, user }: Ledger['database']): Promise<string> =>
  swarm
    .execInTask(service, [
      'psql',
      '--no-psqlrc',
      '-At',
      '--username',
      user,
      '--command',
      'SHOW data_directory',
    ])
    .then((printed) => printed.trim());
