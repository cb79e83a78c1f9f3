// Two drills run side by side in one lab. What happens to one of them, or to the program, must not touch the other or stay behind.
import { expect, inject, test } from 'vitest';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cacheDirectory } from '../../src/lab/image/cache.ts';
import { connect } from '../../src/lab/engine/connect.ts';
import { ownerIsAlive } from '../../src/lab/labels.ts';
import { sweepEmbedded } from '../../src/lab/embedded-homes.ts';
import { DrillRun } from '../support/drill-run.ts';
import { processesWith } from '../support/processes.ts';

const embedded = inject('lab').kind === 'embedded';
const [ONE, OTHER] = ['single-manager', 'methods.valkey-rdb'] as const;

const start = (...options: readonly string[]): Promise<DrillRun> =>
  DrillRun.start({}, ONE, OTHER, '--jobs', '2', ...options);

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

test.runIf(embedded)(
  'a drill whose process is killed leaves nothing, and the other one recovers',
  async () => {
    await using run = await start();
    await run.journalWith(OTHER, '"phase":"backup"');
    process.kill(await run.pidOf(OTHER), 'SIGKILL');
    const { exitCode, stdout } = await run.program;
    expect(exitCode).toBe(2);
    expect(stdout).toContain(`${OTHER}: its process was killed by SIGKILL`);
    expect(await run.report(ONE)).toMatchObject({ verdict: 'recovered', sideBySide: { most: 1 } });
    const killed = await run.report(OTHER);
    expect(killed).toMatchObject({
      verdict: 'inconclusive',
      reason: expect.stringContaining('its process was killed by SIGKILL') as string,
      cleanup: { after: { containers: 0, networks: 0, volumes: 0 }, leaked: [], errors: [] },
    });
    expect(killed.cleanup?.before['containers']).toBeGreaterThan(2);
  },
);

test.runIf(embedded)('the first Ctrl-C ends both with logs, cleanup and report', async () => {
  await using run = await start();
  for (const drill of [ONE, OTHER]) await run.journalWith(drill, '"phase":"seed"');
  run.program.kill('SIGINT');
  const { exitCode } = await run.program;
  expect(exitCode).toBe(2);
  for (const drill of [ONE, OTHER]) {
    const report = await run.report(drill);
    expect(report).toMatchObject({
      verdict: 'inconclusive',
      reason: expect.stringContaining('the drill was stopped') as string,
      complete: true,
      cleanup: { after: { containers: 0, networks: 0, volumes: 0 }, leaked: [] },
    });
    expect(report.logs.map(({ node }) => node)).toContain('manager-1-1');
  }
});

test.runIf(embedded)('a drill that takes longer than its limit ends with cleanup and report', async () => {
  await using run = await DrillRun.start({}, ONE, '--drill-limit', '0.2');
  const { exitCode, stdout } = await run.program;
  expect(exitCode, stdout).toBe(2);
  expect(stdout).toContain('what to do: See what its last step waited for, or allow more minutes');
  expect(await run.report(ONE)).toMatchObject({
    verdict: 'inconclusive',
    reason: expect.stringContaining('it took longer than 12.0 s, the limit of a drill') as string,
    complete: true,
    cleanup: { after: { containers: 0, networks: 0, volumes: 0 }, leaked: [] },
  });
});

test.runIf(embedded)(
  'a second Ctrl-C ends both processes at once; SIGKILL of the program does, too',
  async () => {
    for (const end of ['second Ctrl-C', 'SIGKILL']) {
      await using run = await start();
      for (const drill of [ONE, OTHER]) await run.journalWith(drill, '"phase":"seed"');
      const pids = [await run.pidOf(ONE), await run.pidOf(OTHER)];
      const home = `/running/${run.program.pid}-`;
      if (end === 'SIGKILL') run.program.kill('SIGKILL');
      else {
        run.program.kill('SIGINT');
        await sleep(500);
        run.program.kill('SIGINT');
      }
      const { exitCode } = await run.program;
      expect(exitCode).toBe(end === 'SIGKILL' ? undefined : 130);
      for (let tries = 0; tries < 60 && (await processesWith(home)).length > 0; tries++) await sleep(50);
      expect(pids.map(isAlive)).toEqual([false, false]);
      expect(await processesWith(home)).toEqual([]);
      await sweepEmbedded();
      const homes = await readdir(join(cacheDirectory(), 'running'));
      expect(homes.filter((name) => name.startsWith(`${run.program.pid}-`))).toEqual([]);
    }
  },
);

test.runIf(embedded)('--keep keeps the swarms of both, and says how to enter each', async () => {
  await using run = await start('--keep');
  const { stdout, exitCode } = await run.program;
  expect(exitCode, stdout).toBe(0);
  const shells = [...stdout.matchAll(/kept; open a shell with: docker --host (\S+) exec -it (\S+) /g)];
  expect(shells).toHaveLength(2);
  const kept = (await sweepEmbedded()).kept.filter((name) => name.startsWith(`${run.program.pid}-`));
  expect(kept).toHaveLength(1);
  const home = join(cacheDirectory(), 'running', kept[0] ?? '');
  const engine = connect(shells[0]?.[1] ?? '');
  for (const [, , container = ''] of shells)
    expect((await engine.containers.inspect(container)).State.Running).toBe(true);
  const owner = await readFile(join(home, 'owner'), 'utf8');
  process.kill(Number(owner.split(':')[1]), 'SIGKILL');
  while (ownerIsAlive(owner)) await sleep(50);
  expect((await sweepEmbedded()).removed).toEqual(kept);
});
