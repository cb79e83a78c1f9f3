// Drills that destroy some of the nodes, written as a drill author would: the swarm lives on, and the lost nodes are replaced.
import { expect, test } from 'vitest';
import { baselines, checks, disasters, drill, methods, minutes, recoveries, type Plan } from 'swarm-drill';
import { Ledger, ledger } from '../../fixtures/ledger/ledger.ts';
import { outcome } from '../support/control.ts';

/** One of three managers is lost; the data is on another node and is never restored. */
const lostManager = drill('one of three managers is lost', {
  variant: 'manager',
  topology: { managers: 3, workers: 0 },
  images: ledger.images,
  objectives: { rto: minutes(2) },
  recoveryPoint: 'latest',
  async seed({ swarm, seed, size }) {
    const shop = await ledger.deploy(swarm, { seed, size });
    return { app: shop, shop };
  },
  async baseline({ swarm }) {
    return { mounted: await baselines.mountedFiles(swarm) };
  },
  backup: async ({ vault, seeded: { shop } }) => ({
    dump: await vault.keep(methods.postgresDump(), shop.database),
  }),
  drift: ({ write }) => write(5),
  disaster: ({ swarm }) => disasters.destroyNodes(swarm, 'manager-3'),
  outage: ({ survivors }) => [checks.managersReachable(survivors, 2)],
  async restore({ survivors: swarm }) {
    await recoveries.replaceLostNodes(swarm);
    await swarm.converged();
    return { swarm, app: new Ledger(swarm) };
  },
  verify: ({ restored: { swarm }, baseline }) => [
    checks.managersReachable(swarm, 3),
    checks.tasksRunning(swarm),
    checks.inventoryMatches(swarm, baseline.inventory),
    checks.mountedFilesMatch(swarm, baseline.mounted),
  ],
});

/** The worker with the files is lost; the files are restored on its replacement before its label lets the service start there. */
const lostWorker = drill('the worker with the files is lost', {
  variant: 'worker',
  topology: { managers: 1, workers: 2 },
  images: ledger.images,
  objectives: { rto: minutes(2) },
  recoveryPoint: 'latest',
  async seed({ swarm, seed, size }) {
    const shop = await ledger.deploy(swarm, { seed, size });
    return { app: shop, shop };
  },
  async baseline({ seeded: { shop } }) {
    const files = await shop.files();
    return { files: await baselines.files(files), name: files.name };
  },
  backup: async ({ vault, seeded: { shop } }) => ({
    files: await vault.keep(methods.volumeArchive(), await shop.files()),
  }),
  drift: ({ write }) => write(5),
  disaster: async ({ swarm }) => disasters.destroyNodes(swarm, [await swarm.nodeOf(ledger.filesService)]),
  async restore({ kept, survivors: swarm }) {
    const labels = await recoveries.replaceLostNodes(swarm, { moveLabels: false });
    for (const [name, own] of Object.entries(labels)) {
      await kept.files.restoreInto({ swarm, node: swarm.node(name), name: 'ledger_files' });
      await swarm.label(name, own);
    }
    await swarm.converged();
    const shop = new Ledger(swarm);
    return { swarm, shop, app: shop };
  },
  verify: ({ restored: { swarm, shop }, baseline }) => [
    checks.tasksRunning(swarm),
    checks.inventoryMatches(swarm, baseline.inventory),
    checks.filesMatch(() => shop.files(), baseline.files),
  ],
});

test.for([lostManager, lostWorker])('$title: the drill recovers', async ({ plan }) => {
  const report = await outcome(() => plan);
  expect(report.checks.filter(({ result }) => result !== 'pass')).toEqual([]);
  expect(report, report.reason).toMatchObject({ verdict: 'recovered', actual: { lostWrites: 0 } });
  expect(report.disaster.map(({ what, after }) => [what.split(' of ')[0], after])).toEqual([
    ['container', 'gone'],
    ['disk', 'gone'],
  ]);
});

test('a drill that destroys no node is inconclusive', async () => {
  const report = await outcome((): Plan => ({
    ...lostManager.plan,
    async disaster({ swarm }) {
      const [node] = swarm.workers.length > 0 ? swarm.workers : swarm.managers;
      const spared = { name: node?.name ?? '', id: node?.id ?? '' };
      return {
        proof: [{ what: `container of ${spared.name}`, id: spared.id, before: 'running', after: 'running' }],
        survivors: swarm,
      };
    },
  }));
  expect(report).toMatchObject({
    verdict: 'inconclusive',
    reason: expect.stringContaining('the disaster did not take hold'),
  });
});

test('a lost node that is not replaced is found by the checks', async () => {
  const report = await outcome((): Plan => ({
    ...lostManager.plan,
    restore: async ({ survivors }) => {
      const swarm = survivors as Parameters<typeof recoveries.replaceLostNodes>[0];
      return { swarm, app: new Ledger(swarm) };
    },
  }));
  expect(report.checks.filter(({ result }) => result === 'fail').map(({ name }) => name)).toContain(
    'managers reachable',
  );
  expect(report.verdict).toBe('not-recovered');
});
