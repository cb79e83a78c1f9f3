// The trap of a CA that was rotated once: a forced initialisation with the docker CLI begins a rotation, which waits for lost nodes.
import { expect, test } from 'vitest';
import rotatedCa from '../../drills/rotated-ca.drill.ts';
import { ledger } from '../../fixtures/ledger/ledger.ts';
import { monotonic } from '../../src/support/clock.ts';
import { waitUntil } from '../../src/support/poll.ts';
import type { Swarm } from '../../src/index.ts';
import { outcome, resultOf } from '../support/control.ts';
import { forceNewCluster, untilManaging } from '../support/facts.ts';

const { plan } = rotatedCa;
/** Seconds in which the one node that is left would have ended the rotation: with no lost node it takes 2. */
const LONG_ENOUGH = 15;

test('a forced initialisation with the docker CLI begins a rotation that waits for the lost managers', async () => {
  let isStuck = false;
  const report = await outcome(() => ({
    ...plan,
    async restore({ site, kept }) {
      const swarm = (await kept['state']?.restoreInto(site)) as Swarm;
      const manager = await swarm.manager();
      await forceNewCluster(manager);
      await untilManaging(manager);
      const began = monotonic();
      isStuck = await waitUntil('the rotation to end', async () => {
        const { RootRotationInProgress } = await manager.engine.swarm.inspect();
        if (RootRotationInProgress !== true) return { done: false };
        return monotonic() - began > LONG_ENOUGH ? { done: true } : { notYet: 'it is in progress' };
      });
      await swarm.join({ managers: 2 });
      const shop = await ledger.restoreInto(
        swarm,
        kept as unknown as Parameters<typeof ledger.restoreInto>[1],
      );
      return { swarm, shop, app: shop };
    },
    verify: (context) => plan.verify(context).filter(({ name }) => name !== 'managers reachable'),
  }));
  expect(isStuck, report.reason).toBe(true);
  expect(resultOf(report, 'root certificate stable')).toMatchObject({ result: 'fail' });
  expect(report.verdict).toBe('not-recovered');
});
