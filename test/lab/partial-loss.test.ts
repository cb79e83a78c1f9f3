// Drills that destroy some of the nodes, written as a drill author would: the swarm lives on, and the lost nodes are replaced.
import { expect, test } from 'vitest';
import {
  baselines,
  checks,
  disasters,
  drill,
  methods,
  minutes,
  recoveries,
  type Plan,
  type Swarm,
} from 'swarm-drill';
import { waitUntil } from 'swarm-drill/workload';
import { Ledger, ledger } from '../../fixtures/ledger/ledger.ts';
import { outcome } from '../support/control.ts';

/** The ledger, which loses no write because the node with its database is not lost. */
const withLedger = {
  images: ledger.images,
  objectives: { rto: minutes(2) },
  recoveryPoint: 'latest',
  async seed({ swarm, seed, size }) {
    const shop = await ledger.deploy(swarm, { seed, size });
    return { app: shop, shop };
  },
  drift: ({ write }) => write(5),
} satisfies Partial<Plan>;

/** One of three managers is lost; the data is on another node and is never restored. */
const lostManager = drill('one of three managers is lost', {
  variant: 'manager',
  topology: { managers: 3, workers: 0 },
  ...withLedger,
  async baseline({ swarm }) {
    return { mounted: await baselines.mountedFiles(swarm) };
  },
  backup: async ({ vault, seeded: { shop } }) => ({
    dump: await vault.keep(methods.postgresDump(), shop.database),
  }),
  disaster: ({ swarm }) => disasters.destroyNodes(swarm, 'manager-3'),
  outage: ({ survivors }) => [
    {
      name: 'remaining managers have a leader',
      required: true,
      doesNotProve: 'that they accept writes',
      covers: [],
      observe: async () => ({
        compared: 1,
        differences: survivors.managers.includes(await survivors.leader()) ? [] : ['none'],
      }),
    },
  ],
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
  ...withLedger,
  async baseline({ seeded: { shop } }) {
    const files = await shop.files();
    return { files: await baselines.files(files), name: files.name };
  },
  backup: async ({ vault, seeded: { shop } }) => ({
    files: await vault.keep(methods.volumeArchive(), await shop.files()),
  }),
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
    checks.filesMatch(() => shop.files(), baseline.files, { loses: methods.volumeArchive().loses }),
  ],
});

test.for([lostManager, lostWorker])('recovers: $title', async ({ plan }) => {
  const report = await outcome(() => plan);
  expect(report.checks.filter(({ result }) => result !== 'pass')).toEqual([]);
  expect(report, report.reason).toMatchObject({ verdict: 'recovered', actual: { lostWrites: 0 } });
  expect(report.disaster.map(({ what, after }) => [what.split(' of ')[0], after])).toEqual([
    ['container', 'gone'],
    ['disk', 'gone'],
  ]);
});

test('is inconclusive when no node is destroyed', async () => {
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

test('finds a lost node that is not replaced', async () => {
  const report = await outcome((): Plan => ({
    ...lostManager.plan,
    restore: async ({ survivors }) => {
      const swarm = survivors as Swarm;
      // Raft calls a lost manager reachable until its heartbeats time out.
      await waitUntil('the loss to be detected', async () => {
        const managers = (await swarm.members()).map(({ ManagerStatus }) => ManagerStatus?.Reachability);
        return managers.every((one) => one === 'reachable')
          ? { notYet: 'every manager is called reachable' }
          : { done: true };
      });
      return { swarm, app: new Ledger(swarm) };
    },
  }));
  expect(report.checks.filter(({ result }) => result === 'fail').map(({ name }) => name)).toContain(
    'managers reachable',
  );
  expect(report.verdict).toBe('not-recovered');
});
