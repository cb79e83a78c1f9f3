import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { takeTurn } from '../../../../src/cli/runner/turn.ts';
import { seconds } from '../../../../src/support/clock.ts';

let cache: string;
beforeEach(async () => {
  cache = await mkdtemp(join(tmpdir(), 'swarm-drill-test-'));
  vi.stubEnv('SWARM_DRILL_CACHE', cache);
});
afterEach(() => rm(cache, { recursive: true }));

const silent = (): void => undefined;

test('one run at a time has its turn', async () => {
  {
    await using _first = await takeTurn(undefined, silent);
    await expect(takeTurn(seconds(0), silent)).rejects.toMatchObject({ code: 'busy', blame: 'lab' });
  }
  await using _second = await takeTurn(seconds(0), silent);
});

test('waits for the other run, and says so once', async () => {
  const printed: string[] = [];
  const first = await takeTurn(undefined, silent);
  const waiting = takeTurn(seconds(20), (text) => printed.push(text));
  setTimeout(() => void first[Symbol.asyncDispose](), 300);
  await using _second = await waiting;
  expect(printed).toEqual(['another run is active on this machine: waiting for up to 20.0 s']);
});

test('gives up after the time it was allowed', async () => {
  await using _first = await takeTurn(undefined, silent);
  await expect(takeTurn(seconds(0.3), silent)).rejects.toThrow(
    'another run was still active on this machine after 300 ms',
  );
});

test('starts next to the other run without --wait, with a notice', async () => {
  const printed: string[] = [];
  await using _first = await takeTurn(undefined, silent);
  await using _second = await takeTurn(undefined, (text) => printed.push(text));
  expect(printed).toEqual([expect.stringContaining('times of both are longer than usual') as string]);
});

test('the turn of a killed run is free', async () => {
  const turn = join(import.meta.dirname, '../../../../src/cli/runner/turn.ts');
  const script = `const { takeTurn } = await import('${turn}');
    await takeTurn(undefined, () => {}); console.log('taken'); setInterval(() => {}, 1000);`;
  const holder = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise((done) => holder.stdout.once('data', done));
  await expect(takeTurn(seconds(0), silent)).rejects.toMatchObject({ code: 'busy' });
  const ended = new Promise((done) => holder.once('exit', done));
  holder.kill('SIGKILL');
  await ended;
  await using _free = await takeTurn(seconds(5), silent);
});
