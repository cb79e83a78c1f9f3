// The trap of drills about engine versions: the restore runs on the version that made the backup, and says nothing about another.
import { expect, test } from 'vitest';
import '../../drills/versions.drill.ts';
import { declaredDrills } from '../../src/drill/registry.ts';
import type { Site } from '../../src/swarm/site.ts';
import { outcome, resultOf } from '../support/control.ts';

const upgrade = declaredDrills().find(({ name }) => name === 'versions.20-10-to-28-5');

test('a restore on the version that made the backup does not prove the upgrade', async () => {
  if (!upgrade) throw new Error('there is no drill versions.20-10-to-28-5');
  const { plan } = upgrade;
  const report = await outcome(() => ({
    ...plan,
    restore(context) {
      // An author who forgets `withEngineVersion`.
      const site = { withEngineVersion: () => context.site } as unknown as Site;
      return plan.restore({ ...context, site });
    },
  }));
  expect(resultOf(report, 'nodes run engine')).toMatchObject({
    result: 'fail',
    differences: [expect.stringMatching(/^manager-1: expected engine 28\.5, got 20\.10\./)],
  });
  expect(report.checks.filter(({ result }) => result === 'fail').map(({ name }) => name)).toEqual([
    'nodes run engine',
  ]);
  expect(report.verdict).toBe('not-recovered');
});
