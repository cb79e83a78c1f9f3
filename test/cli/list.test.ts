// The list of drills, for people and for programs.
import { expect, test } from 'vitest';
import { swarmDrill } from '../support/program.ts';

test('prints name, title, topology, objectives and file of every drill as JSON, and runs none', async () => {
  const { exitCode, stdout } = await swarmDrill('list', '--json');
  expect(exitCode).toBe(0);
  expect(JSON.parse(stdout)).toContainEqual({
    name: 'total-loss',
    title: 'total loss: the ledger comes back from the off-site backup',
    topology: { managers: 3, workers: 2 },
    objectives: { rtoSeconds: expect.any(Number) as number, rpoSeconds: expect.any(Number) as number },
    file: 'drills/total-loss.drill.ts',
  });
});

test('prints a table with a line for each drill', async () => {
  const { exitCode, stdout } = await swarmDrill('list');
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/single-manager .* 1 +│ 0 .*drills\/single-manager\.drill\.ts/);
});
