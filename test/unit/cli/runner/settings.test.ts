// The settings of a run: a unique directory, and a command to repeat it.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';
import { seconds } from '../../../../src/support/clock.ts';
import { formatRerunCommand, resolveSettings } from '../../../../src/cli/runner/settings.ts';

test('gives runs that start in the same second separate directories', async () => {
  const reports = await mkdtemp(join(tmpdir(), 'swarm-drill-test-'));
  const runs = await Promise.all([1, 2, 3].map(() => resolveSettings({ reports })));
  await rm(reports, { recursive: true });
  expect(new Set(runs.map(({ directory }) => directory)).size).toBe(3);
  expect(new Set(runs.map(({ id }) => id)).size).toBe(3);
  for (const { directory } of runs)
    expect(basename(directory)).toMatch(/^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ(-[23])?$/);
});

test('puts seed, size, objectives, engines and their version into the command to repeat a drill, quoted for a shell', () => {
  const run = {
    runId: 'a1b2c3d4e5f60718',
    id: 'a1',
    directory: '/reports/x',
    seed: "it's",
    size: 'medium',
    keep: false,
    objectives: { rto: seconds(90) },
    engines: ['unix:///run/docker.sock', 'ssh://root@two'],
    engineVersion: '28.5',
  } as const;
  expect(formatRerunCommand('total-loss', run)).toBe(
    String.raw`npm run drill -- total-loss --seed 'it'\''s' --size medium --rto 90 --engine unix:///run/docker.sock --engine ssh://root@two --engine-version 28.5`,
  );
});
