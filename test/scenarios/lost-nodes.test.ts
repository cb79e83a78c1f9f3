// The traps of the drills about lost managers and workers: the naive recovery, or the naive check, and the check that turns red.
import { expect, test } from 'vitest';
import { checks, recoveries, seconds, type Site, type Swarm } from 'swarm-drill';
import managerDiskLost from '../../drills/manager-disk-lost.drill.ts';
import { advertised, migrated } from '../../drills/new-addresses.drill.ts';
import workerReplaced from '../../drills/worker-replaced.drill.ts';
import { Notes } from '../../fixtures/notes/notes.ts';
import { artifact, outcome, resultOf } from '../support/control.ts';

const failedChecks = (report: Awaited<ReturnType<typeof outcome>>): string[] =>
  report.checks.filter(({ result }) => result === 'fail').map(({ name }) => name);

test('manager disk lost: raft counts tasks whose node is gone', async () => {
  let replicas: unknown;
  const report = await outcome(() => ({
    ...managerDiskLost.plan,
    async restore(context) {
      const { swarm, app } = await managerDiskLost.plan.restore(context);
      for (const worker of swarm.workers) await worker.destroy();
      const { engine } = await swarm.manager();
      const [service] = await engine.services.list({ status: true });
      replicas = service?.ServiceStatus?.RunningTasks;
      // The naive look at the application: that its service exists.
      return { swarm, app: { ...app, write: async () => undefined, present: async (ids) => ids } };
    },
    verify: ({ restored: { swarm } }) => [checks.tasksRunning(swarm)],
  }));
  expect(replicas).toBe(1);
  expect(failedChecks(report)).toContain('tasks running');
});

test('worker replaced: without its labels the service exists, and its task is pending', async () => {
  const report = await outcome(() => ({
    ...workerReplaced.plan,
    firstResponseLimit: seconds(5),
    async restore({ survivors }) {
      const swarm = survivors as Swarm;
      await recoveries.replaceLostNodes(swarm, { moveLabels: false });
      return { swarm, app: new Notes(swarm) };
    },
  }));
  expect(report).toMatchObject({
    verdict: 'not-recovered',
    failure: {
      phase: 'first-response',
      reason: expect.stringContaining('has a running container of the service'),
    },
  });
});

test('new addresses: the CLI reports success, and raft keeps the old address', async () => {
  const report = await outcome(() => ({
    ...advertised.plan,
    async restore(context) {
      const restored = await advertised.plan.restore(context);
      const attempt = { what: 'restore at a new address', reason: 'it worked' };
      return { ...restored, attempt };
    },
  }));
  expect(failedChecks(report)).toEqual(['fails: restore at a new address']);
});

test('new addresses: a manager that was not moved is at the old one', async () => {
  const report = await outcome(() => ({
    ...migrated.plan,
    async restore(context) {
      const swarm = await artifact<Site, Swarm>(context, 'state').restoreInto(context.site);
      await recoveries.reconnectNodes(swarm, (context.survivors as Swarm).nodes);
      // The manager that the operator believes to be at the new address.
      const [manager] = swarm.managers;
      if (manager) Object.defineProperty(manager, 'address', { value: '172.31.255.99' });
      await swarm.converged();
      return { swarm, app: new Notes(swarm), pad: new Notes(swarm) };
    },
    verify: ({ restored: { swarm } }) => [checks.managersAtTheirAddresses(swarm)],
  }));
  expect(resultOf(report, 'managers at their addresses').result).toBe('fail');
});
