// The directories of embedded labs: how to see whose lab still runs, and what removes the others.
import { existsSync } from 'node:fs';
import { readdir, readFile, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { seconds } from '../support/clock.ts';
import { waitUntil } from '../support/poll.ts';
import { cacheDirectory } from './image/cache.ts';
import { ownerIsAlive } from './labels.ts';

/** In the directory of a lab that outlives the process that opened it, and names that process: only `clean --all` ends the lab. */
export const KEPT = 'kept';

export const runningDirectory = (): string => join(cacheDirectory(), 'running');
export const cgroupOf = (home: string): string => `swarm-drill-${home.split('/').at(-1) ?? ''}`;

/**
 * Removes what a lab leaves whose processes were killed. Its directory goes last: a sweep finds the rest by it.
 * @returns whether all of it is gone; processes that can't die yet hold their cgroups
 */
export async function removeLab(home: string): Promise<boolean> {
  const hierarchies = await readdir('/sys/fs/cgroup').catch(() => []);
  const cgroups = ['', ...hierarchies].map((name) => join('/sys/fs/cgroup', name, cgroupOf(home)));
  const gone = await waitUntil(
    'the processes of the lab to end',
    async () => {
      for (const cgroup of cgroups) await removeCgroup(cgroup);
      const held = cgroups.find((cgroup) => existsSync(cgroup));
      return held === undefined ? { done: true } : { notYet: `${held} is in use` };
    },
    { limit: seconds(10) },
  ).catch(() => false);
  if (gone) await rm(home, { recursive: true, force: true });
  return gone;
}

/** Cgroup directories outlive their processes; they go from the leaves up. */
async function removeCgroup(path: string): Promise<void> {
  if (!existsSync(path)) return;
  for (const entry of await readdir(path, { withFileTypes: true }).catch(() => []))
    if (entry.isDirectory()) await removeCgroup(join(path, entry.name));
  await rmdir(path).catch(() => undefined);
}

/** Names of labs: removed; left by `--keep`; or still in use by a run. */
export interface EmbeddedSweep {
  readonly removed: readonly string[];
  readonly kept: readonly string[];
  readonly active: readonly string[];
}

/**
 * Removes what embedded labs left whose owner is dead: their files and cgroups (processes, mounts and links died with it).
 * @param all also ends kept labs whose run is over
 */
export async function sweepEmbedded({ all = false } = {}): Promise<EmbeddedSweep> {
  const swept = { removed: [] as string[], kept: [] as string[], active: [] as string[] };
  for (const name of await readdir(runningDirectory()).catch(() => [])) {
    const home = join(runningDirectory(), name);
    const state = await stateOf(home);
    if (state === 'kept' && all) await endLab(home);
    if (state === 'active' || (state === 'kept' && !all)) swept[state].push(name);
    else if (await removeLab(home)) swept.removed.push(name);
  }
  return swept;
}

/** The processes of a kept lab go on when its run is over. */
async function stateOf(home: string): Promise<'active' | 'kept' | 'over'> {
  const read = (name: string) => readFile(join(home, name), 'utf8').catch(() => undefined);
  const [owner, run] = [await read('owner'), await read(KEPT)];
  if (!owner || !ownerIsAlive(owner)) return 'over';
  return run === undefined || (run !== '' && ownerIsAlive(run)) ? 'active' : 'kept';
}

async function endLab(home: string): Promise<void> {
  const owner = await readFile(join(home, 'owner'), 'utf8');
  const pid = Number(owner.split(':')[1]);
  process.kill(pid, 'SIGKILL');
  await waitUntil('the kept lab to end', async () =>
    ownerIsAlive(owner) ? { notYet: `process ${pid} still runs` } : { done: true },
  );
}
