// Someone changes data by mistake, and the database is to be recovered to the moment before. A clean-up job has removed old segments
// from the WAL archive, so the last backup of the archive has a gap.
//
// A server with `restore_command` replays up to the gap, finds no more, and opens: it is up, at an earlier time than was asked for.
//
// The recovery across the gap is refused before anything is restored, with the time up to which it would be possible. It works with the
// backup of the archive from before the clean-up as well. Proof is a write just before the named time.
//
// https://github.com/EnterpriseDB/barman/issues/881
import { checks, disasters, drill, methods, minutes, type Check } from 'swarm-drill';
import { combineWithWal, evictAndEmptyVolume, reasonOf, withServicesStopped } from 'swarm-drill/workload';
import { Ledger, ledger } from '../fixtures/ledger/ledger.ts';

/** Acknowledged just before the named time; the checks of the rows leave it out, since the baseline is older. */
const LAST_WRITE = 'probe-before-the-named-time';

export default drill('WAL gap: the database is recovered to a named time, or refused', {
  topology: { managers: 1, workers: 0 },
  images: ledger.images,
  objectives: { rto: minutes(2), rpo: minutes(5) },

  async seed({ swarm, seed, size }) {
    const shop = await ledger.deploy(swarm, { seed, size, archive: true });
    return { app: shop, shop };
  },
  baseline: async ({ seeded: { shop } }) => ({ contents: await shop.contents() }),

  async backup({ swarm, vault, seeded: { shop } }) {
    const { database, archive } = shop;
    const base = await vault.keep(methods.postgresPointInTime(), database);
    await shop.write('probe-before-the-clean-up');
    const early = await vault.keep(methods.postgresWalArchive(), archive);
    await swarm.execInTask(database.service, ['find', archive.archive, '-type', 'f', '-delete']);
    await shop.write('probe-after-the-clean-up');
    const middle = await vault.keep(methods.postgresWalArchive(), archive);
    await shop.write(LAST_WRITE);
    const to = await database.now();
    await database.asSuperuser((client) => client.query(`UPDATE receipts SET note = 'a mistake'`));
    const late = await vault.keep(methods.postgresWalArchive(), archive);
    const target = { archive: ledger.archiveVolume, to };
    return {
      late,
      withGap: combineWithWal(base, [late], target),
      whole: combineWithWal(base, [early, middle, late], target),
    };
  },
  drift: ({ write }) => write(5),
  disaster: ({ swarm }) =>
    disasters.removeVolumes(swarm, 'manager-1', [ledger.databaseVolume, ledger.archiveVolume]),

  async restore({ kept, survivors: swarm }) {
    const shop = new Ledger(swarm);
    const volume = { swarm, node: swarm.node('manager-1'), name: ledger.databaseVolume };
    const { service } = shop.database;
    const refusal = await withServicesStopped(swarm, [service], async () => {
      // The new server has archived segments of the same names.
      await evictAndEmptyVolume({ ...volume, name: ledger.archiveVolume });
      await evictAndEmptyVolume(volume);
      const refused = await kept.withGap.restoreInto(volume).then(() => 'nothing: it was restored', reasonOf);
      await kept.whole.restoreInto(volume);
      return refused;
    });
    await swarm.converged();
    return { swarm, shop, app: shop, refusal };
  },
  verify: ({ restored: { swarm, shop, refusal }, baseline }) => [
    checks.tasksRunning(swarm),
    recoveredToNamedTime(shop),
    recoveryRefused(refusal),
    ...shop.checks(baseline.contents),
  ],
});

export const recoveredToNamedTime = (shop: Ledger): Check => ({
  name: 'recovered up to the named time',
  required: true,
  covers: [],
  doesNotProve: 'that nothing later was replayed: the check of the rows does',
  async observe() {
    const [found] = await shop.present([LAST_WRITE]);
    return { compared: 1, differences: found ? [] : [`${LAST_WRITE}: is missing`] };
  },
});

const recoveryRefused = (refusal: string): Check => ({
  name: 'recovery across the gap refused',
  required: true,
  covers: [],
  doesNotProve:
    'that every gap is found: segments are compared by name and size, and their records by pg_waldump',
  observe: async () => ({
    compared: 1,
    differences: /segment \w+ is missing .*recovery is possible up to/.test(refusal)
      ? []
      : [`expected a refusal that names the segment and the time, got: ${refusal}`],
    detail: refusal,
  }),
});
