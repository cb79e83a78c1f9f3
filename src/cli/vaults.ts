// Where vaults stand: outside of every lab and every report, readable to their owner alone. They hold keys of clusters, so
// what a killed run left of them is removed by the next run, or by `clean`.
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheDirectory } from '../lab/cache.ts';
import { ownerIsAlive, ownerOf } from '../lab/labels.ts';
import type { RunSettings } from './settings.ts';

const KEPT = 'kept';

const home = (): string => join(cacheDirectory(), 'vaults');

/** Its name says whose it is, in the form of an owner label. */
const ofRun = ({ id, keep }: RunSettings): string =>
  join(home(), `${keep ? KEPT : ownerOf(process.pid)}:${id}`);

/** Makes the place for the vault of one drill of `run`. */
export async function makeVaultDirectory(run: RunSettings, drill: string): Promise<string> {
  const directory = join(ofRun(run), drill);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  return directory;
}

/** Removes what the drills of `run` left, unless it is to be kept. */
export async function removeVaults(run: RunSettings): Promise<void> {
  if (!run.keep) await rm(ofRun(run), { recursive: true, force: true });
}

/**
 * Removes the vaults of runs that are dead.
 * @param options.all also those that `--keep` left
 * @returns how many were removed
 */
export async function sweepVaults(options: { readonly all: boolean }): Promise<number> {
  const names = await readdir(home()).catch(() => []);
  const dead = names.filter((name) => (name.startsWith(`${KEPT}:`) ? options.all : !ownerIsAlive(name)));
  for (const name of dead) await rm(join(home(), name), { recursive: true, force: true });
  return dead.length;
}
