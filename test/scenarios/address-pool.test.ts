// The trap of address pools: a forced initialisation with the docker CLI, after which every network that existed looks right.
import { expect, test } from 'vitest';
import addressPool from '../../drills/address-pool.drill.ts';
import { ledger } from '../../fixtures/ledger/ledger.ts';
import { checks, type Swarm } from '../../src/index.ts';
import { outcome, resultOf } from '../support/control.ts';
import { forceNewCluster, restartNode } from '../support/facts.ts';

const { plan } = addressPool;

test('a forced initialisation without the pool is found by the subnet of a new network, and not by the old ones', async () => {
  const report = await outcome(() => ({
    ...plan,
    topology: { managers: 1, workers: 0 },
    async restore({ site, kept }) {
      const swarm = (await kept['state']?.restoreInto(site)) as Swarm;
      const manager = await swarm.manager();
      await forceNewCluster(manager);
      // Until its engine starts again, 26.1 remembers the pool that the restore gave it.
      swarm.replace(await restartNode(manager));
      const shop = await ledger.restoreInto(
        swarm,
        kept as unknown as Parameters<typeof ledger.restoreInto>[1],
      );
      return { swarm, shop, app: shop };
    },
    verify: (context) => [
      ...plan.verify(context).filter(({ name }) => name !== 'managers reachable'),
      checks.managersReachable(context.restored.swarm, 1),
    ],
  }));
  expect(resultOf(report, 'new networks from pool')).toMatchObject({
    result: 'fail',
    differences: [expect.stringMatching(/expected a \/26 of 10\.77\.0\.0\/16, got 10\.\d+\.\d+\.\d+\/24$/)],
  });
  // The networks that existed are as they were.
  expect(resultOf(report, 'inventory matches')).toMatchObject({ result: 'pass' });
});
