// Which embedded labs a sweep removes: never one whose run is still active, also if it is to be kept.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { sweepEmbedded } from '../../../src/lab/embedded-homes.ts';
import { ownerOf } from '../../../src/lab/labels.ts';

let cache: string;
/** Stands for the processes of a lab. */
let lab: ChildProcess;

beforeEach(async () => {
  cache = await mkdtemp(join(tmpdir(), 'swarm-drill-cache-'));
  vi.stubEnv('SWARM_DRILL_CACHE', cache);
  lab = spawn('sleep', ['60']);
  await once(lab, 'spawn');
});
afterEach(async () => {
  vi.unstubAllEnvs();
  lab.kill('SIGKILL');
  await rm(cache, { recursive: true });
});

/** @param owner of the lab @param run that left it with `--keep` */
async function createHome(name: string, owner: string, run?: string): Promise<string> {
  const home = join(cache, 'running', name);
  await mkdir(home, { recursive: true });
  await writeFile(join(home, 'owner'), owner);
  if (run !== undefined) await writeFile(join(home, 'kept'), run);
  return home;
}

const ME = ownerOf(process.pid);
const DEAD = `${ME.split(':')[0]}:999999999:1`;
const labOwner = (): string => ownerOf(lab.pid ?? 0);

test('removes what a dead lab left', async () => {
  const home = await createHome('dead', DEAD);
  expect(await sweepEmbedded()).toEqual({ removed: ['dead'], kept: [], active: [] });
  expect(existsSync(home)).toBe(false);
});

test.for([false, true])('leaves a lab to the run that uses it (all: %s)', async (all) => {
  await createHome('mine', ME);
  const kept = await createHome('to-be-kept', labOwner(), ME);
  expect(await sweepEmbedded({ all })).toEqual({ removed: [], kept: [], active: ['mine', 'to-be-kept'] });
  expect(existsSync(kept)).toBe(true);
  expect(lab.signalCode).toBeNull();
});

test('reports a kept lab, and ends it only on request', async () => {
  const home = await createHome('kept', labOwner(), DEAD);
  expect(await sweepEmbedded()).toEqual({ removed: [], kept: ['kept'], active: [] });
  expect(lab.signalCode).toBeNull();
  const ended = once(lab, 'exit');
  expect(await sweepEmbedded({ all: true })).toEqual({ removed: ['kept'], kept: [], active: [] });
  expect(await ended).toEqual([null, 'SIGKILL']);
  expect(existsSync(home)).toBe(false);
});
