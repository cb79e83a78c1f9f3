// A whole run with continuous writes: what the report says of an outage, and of a write that is lost.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Plan } from '../../../src/drill/plan.ts';
import { InMemoryApplication, outagePlan, runInMemory, swarm } from '../../support/in-memory-drill.ts';

const OUTAGE_MS = 700;

/** The restored application answers after a while, with what `restored` makes of the old one. */
function planWith(
  app: InMemoryApplication,
  restored: (app: InMemoryApplication) => InMemoryApplication,
): Plan {
  return {
    ...outagePlan(app),
    continuousWrites: true,
    recoveryPoint: 'latest',
    async restore() {
      await sleep(OUTAGE_MS);
      app.failure = undefined;
      return { app: restored(app), swarm };
    },
  };
}

test.concurrent('measures the outage, and loses nothing', async () => {
  const report = await runInMemory(planWith(new InMemoryApplication(), (app) => app));
  expect(report.verdict, report.reason).toBe('recovered');
  const { availability, actual } = report;
  expect(availability?.longestGapSeconds).toBeGreaterThan(OUTAGE_MS / 1000 - 0.1);
  expect(availability?.longestGapSeconds).toBeLessThan(OUTAGE_MS / 1000 + 1.5);
  expect(availability?.errors.map(({ reason }) => reason)).toContain('connection refused');
  expect(availability?.gapEndedAt).not.toBeNull();
  expect(availability?.lostWrites).toBe(0);
  expect(actual).toMatchObject({ lostWrites: 0, rpaSeconds: 0 });
  // 10 early writes and 2 sentinels, and at least 5 before the disaster.
  expect(actual.acknowledgedWrites).toBeGreaterThan(12 + 5);
});

test.concurrent('reports no gap when the disaster does not reach the workload', async () => {
  const app = new InMemoryApplication();
  const report = await runInMemory({
    ...planWith(app, (same) => same),
    async disaster() {
      return { proof: [{ what: 'node', id: '1', before: 'running', after: 'gone' }], survivors: undefined };
    },
  });
  expect(report.availability).toMatchObject({ failed: 0, lostWrites: 0 });
  expect(report.availability?.longestGapSeconds).toBeLessThan(0.2);
});

test.concurrent('finds acknowledged writes that are lost, and the verdict says so', async () => {
  const report = await runInMemory(
    planWith(new InMemoryApplication(), (app) => {
      for (const id of [...app.writes].filter((one) => one.startsWith('continuous-'))) app.writes.delete(id);
      return app;
    }),
  );
  expect(report.verdict).toBe('not-recovered');
  expect(report.reason).toContain('check "acknowledged writes present" failed');
  expect(report.availability?.lostWrites).toBeGreaterThanOrEqual(5);
  expect(report.actual.lostWrites).toBe(report.availability?.lostWrites);
  expect(report.actual.rpaSeconds).toBeGreaterThan(0);
});
