// Drills that must never be reported as recovered.
import { expect, test } from 'vitest';
import { ledger } from '../../fixtures/ledger/ledger.ts';
import { checks, seconds, type Swarm } from '../../src/index.ts';
import { brokenAfterwards, outcome, resultOf, small, sql } from '../support/control.ts';

test('is inconclusive when the disaster did nothing', async () => {
  const report = await outcome(() => ({
    ...small,
    disaster: ({ swarm }) =>
      Promise.resolve({
        survivors: undefined,
        proof: swarm.nodes.map(({ name, id }) => ({ what: name, id, before: 'running', after: 'running' })),
      }),
  }));
  expect(report).toMatchObject({ verdict: 'inconclusive', reason: expect.stringContaining('disaster') });
});

test('does not recover when only swarm state is restored, without data', async () => {
  const nothing = { name: 'nothing', restoreInto: () => Promise.resolve() };
  const report = await outcome(() => ({
    ...small,
    firstResponseLimit: seconds(5),
    async restore({ site, kept }) {
      const swarm = (await kept['state']?.restoreInto(site)) as Swarm;
      const shop = await ledger.restoreInto(swarm, { dump: nothing, files: nothing });
      return { swarm, shop, app: shop };
    },
  }));
  expect(report).toMatchObject({ verdict: 'not-recovered', failure: { phase: 'first-response' } });
});

test('is inconclusive when a check crashes', async () => {
  const report = await outcome(() => ({
    ...small,
    // A missed objective would be a finding, and weigh more.
    objectives: {},
    verify: () => [
      {
        name: 'crashing',
        required: true,
        doesNotProve: 'anything',
        covers: [],
        observe: () => Promise.reject(new Error('out of order')),
      },
    ],
  }));
  expect(resultOf(report, 'crashing')).toMatchObject({
    result: 'unproven',
    detail: expect.stringContaining('out of order'),
  });
  expect(report.verdict).toBe('inconclusive');
});

test('detects data that is newer than the backup by the late sentinel', async () => {
  const written: string[] = [];
  const report = await outcome(() => ({
    ...brokenAfterwards(async (restored) => {
      for (const id of written.filter((one) => one.startsWith('after-')))
        await sql(restored, `INSERT INTO receipts (id) VALUES ('${id}')`);
    }),
    async seed(context) {
      const seeded = await small.seed(context);
      const { app } = seeded;
      const write = async (id: string): Promise<void> => (await app.write(id), void written.push(id));
      return { ...seeded, app: { write, present: (ids) => app.present(ids) } };
    },
  }));
  expect(resultOf(report, 'sentinel from after the backup absent')).toMatchObject({
    result: 'fail',
  });
  expect(report.verdict).toBe('not-recovered');
});

const FLIP = `python3 -c 'import sys
with open(sys.argv[1], "r+b") as file:
    file.seek(1000); byte = file.read(1)[0]; file.seek(1000); file.write(bytes([byte ^ 1]))'`;

test('refuses an artifact with a flipped bit, and one that is truncated, before anything is restored', async () => {
  let flipped: unknown;
  const report = await outcome((inVault) => ({
    ...small,
    async restore(context) {
      const dump = context.kept['dump'];
      const file = `${dump?.name}/database.dump.zst`;
      await inVault(`${FLIP} ${file}`);
      flipped = await dump?.restoreInto('nowhere: it must not come to that').catch((error: unknown) => error);
      await inVault(`${FLIP} ${file}; truncate --size 1000 ${file}`);
      return small.restore(context);
    },
  }));
  expect(flipped).toMatchObject({
    blame: 'finding',
    message: expect.stringContaining('is damaged: SHA-256 differs'),
  });
  expect(report).toMatchObject({
    verdict: 'not-recovered',
    failure: {
      phase: 'restore',
      reason: expect.stringMatching(/is damaged: expected \d+ bytes, got 1000/),
    },
  });
});

test('detects managers that did not return, and that the loss of one is not survived', async () => {
  const report = await outcome(() => ({
    ...small,
    topology: { managers: 3, workers: 0 },
    async restore({ site, kept }) {
      const swarm = (await kept['state']?.restoreInto(site)) as Swarm;
      await swarm.join({ managers: 1 });
      const shop = await ledger.restoreInto(
        swarm,
        kept as unknown as Parameters<typeof ledger.restoreInto>[1],
      );
      return { swarm, shop, app: shop };
    },
    verify: ({ restored: { swarm } }) => [
      checks.managersReachable(swarm, 3),
      checks.survivesLeaderLoss(swarm, seconds(5)),
    ],
  }));
  expect(resultOf(report, 'managers reachable')).toMatchObject({
    result: 'fail',
    differences: [expect.stringContaining('expected 3 reachable managers, got 2')],
  });
  expect(resultOf(report, 'survives leader loss')).toMatchObject({ result: 'fail' });
  expect(report.verdict).toBe('not-recovered');
});

test('does not recover when an objective is missed, though every check passed', async () => {
  const report = await outcome(() => ({ ...small, objectives: { rto: seconds(0.001) } }));
  expect(report.checks.filter(({ result }) => result === 'fail')).toEqual([]);
  expect(report).toMatchObject({ verdict: 'not-recovered', reason: expect.stringContaining('RTO') });
});
