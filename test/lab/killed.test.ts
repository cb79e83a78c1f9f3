// The program, or the engine under it, is killed in the middle of a drill: nothing may stay behind, and nothing is passed off
// as a result. These tests drive the program from outside, on a separate embedded lab.
import { execa } from 'execa';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { sweepEmbedded } from '../../src/lab/embedded-homes.ts';
import { cacheDirectory } from '../../src/lab/image/cache.ts';
import { childrenOf, firstProcess, processesWith } from '../support/processes.ts';

const ROOT = join(import.meta.dirname, '../..');
const embedded = inject('lab').kind === 'embedded';

let reports: string;
let program: ReturnType<typeof startProgram>;
let ended: boolean;

const startProgram = () =>
  execa(process.execPath, ['src/cli/main.ts', 'run', 'single-manager', '--no-check', '--reports', reports], {
    cwd: ROOT,
    reject: false,
  });

beforeEach(async () => {
  reports = await mkdtemp(join(tmpdir(), 'swarm-drill-killed-'));
  program = startProgram();
  ended = false;
  void program.then(() => (ended = true));
});
afterEach(async () => {
  program.kill('SIGKILL');
  await rm(reports, { recursive: true, force: true });
});

/** Text of the journal once it has `text` in it. */
async function journalWith(text: string): Promise<string> {
  for (;;) {
    const [run] = await readdir(reports);
    const path = join(reports, run ?? 'none', 'single-manager', 'journal.jsonl');
    const journal = existsSync(path) ? await readFile(path, 'utf8') : '';
    if (journal.includes(text)) return journal;
    if (ended) throw new Error(`the program ended before its journal had ${text}`);
    await sleep(50);
  }
}

/** Processes whose command line names the lab that `pid` opened. */
const processesOf = (pid: number): Promise<number[]> => processesWith(`/running/${pid}-`);

const homesOf = async (pid: number): Promise<string[]> =>
  (await readdir(join(cacheDirectory(), 'running'))).filter((name) => name.startsWith(`${pid}-`));

/** Cgroups of the lab that `pid` opened, wherever they are. Those of others come and go, and a recursive read would fail on them. */
async function cgroupsOf(pid: number, directory = '/sys/fs/cgroup'): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENODEV') return [];
    throw error;
  });
  const children = entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(directory, name));
  const [own, others] = [true, false].map((mine) =>
    children.filter((path) => basename(path).startsWith(`swarm-drill-${pid}-`) === mine),
  ) as [string[], string[]];
  return [...own, ...(await Promise.all(others.map((path) => cgroupsOf(pid, path)))).flat()];
}

for (const phase of ['provision', 'seed', 'backup', 'restore'])
  test.runIf(embedded)(
    `SIGKILL in the phase ${phase} leaves no process and no mount; a sweep removes the files`,
    async () => {
      await journalWith(`"phase":"${phase}"`);
      const pid = program.pid as number;
      expect(await processesOf(pid)).not.toEqual([]);
      expect(await cgroupsOf(pid)).not.toEqual([]);
      program.kill('SIGKILL');
      await program;
      for (let tries = 0; tries < 40 && (await processesOf(pid)).length > 0; tries++) await sleep(50);
      expect(await processesOf(pid)).toEqual([]);
      expect(await readFile('/proc/mounts', 'utf8')).not.toContain(`/running/${pid}-`);
      expect(await homesOf(pid)).not.toEqual([]);
      await sweepEmbedded();
      expect(await homesOf(pid)).toEqual([]);
      expect(await cgroupsOf(pid)).toEqual([]);
    },
  );

test.runIf(embedded)('an engine that dies under a drill makes it inconclusive, with a report', async () => {
  await journalWith('"phase":"backup"');
  const [home] = await homesOf(program.pid as number);
  const inside = await childrenOf(await firstProcess(join(cacheDirectory(), 'running', home as string)));
  process.kill(inside.find(({ name }) => name === 'dockerd')?.pid as number, 'SIGKILL');
  const { exitCode } = await program;
  expect(exitCode).toBe(2);
  const [run] = (await readdir(reports)).filter((name) => name !== 'latest');
  const report = JSON.parse(
    await readFile(join(reports, run ?? '', 'single-manager/report.json'), 'utf8'),
  ) as { verdict: string; reason: string };
  expect(report).toMatchObject({ verdict: 'inconclusive', reason: expect.stringContaining('backup') });
});
