// Where things that take long to make are kept between runs. An entry is made under another name and renamed when whole,
// so that a start killed half-way leaves nothing that looks finished; its key is a hash of what it was made from.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { withLock } from '../../support/lock.mjs';

/** `SWARM_DRILL_CACHE`, else `swarm-drill` in the user's cache directory. */
export const cacheDirectory = (): string =>
  process.env['SWARM_DRILL_CACHE'] ??
  join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'swarm-drill');

export const keyOf = (...parts: unknown[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16);

/** An entry that was not used for this long is removed when another one is made: each is some 2 GB, and belongs to one set of images. */
const UNUSED_LIMIT_MS = 30 * 24 * 60 * 60_000;

/**
 * The path of the entry `name`, made by `make(path)` when it is not there. Two processes that want the same entry make
 * it once.
 * @param name relative to the cache directory, with a key in it
 */
export async function cached(
  name: string,
  make: (path: string) => Promise<void>,
  progress: (doing: string) => void = () => {},
): Promise<string> {
  const path = join(cacheDirectory(), name);
  const use = async (): Promise<string> => {
    const now = new Date();
    await utimes(path, now, now).catch(() => undefined); // a cache that can only be read is used, too
    return path;
  };
  if (existsSync(path)) return use();
  return withLock(
    path,
    async () => {
      if (existsSync(path)) return use();
      await removeUnused(dirname(path));
      const unfinished = `${path}.unfinished`;
      await rm(unfinished, { recursive: true, force: true });
      await mkdir(dirname(path), { recursive: true });
      await make(unfinished);
      await rename(unfinished, path);
      return path;
    },
    { waiting: () => progress(`waiting for another swarm-drill that is making ${name}`) },
  );
}

/** Best effort: an entry that can't be removed stays. */
async function removeUnused(directory: string): Promise<void> {
  for (const name of await readdir(directory).catch(() => [])) {
    const path = join(directory, name);
    const used = (await stat(path).catch(() => undefined))?.mtimeMs ?? Date.now();
    if (Date.now() - used > UNUSED_LIMIT_MS)
      await rm(path, { recursive: true, force: true }).catch(() => undefined);
  }
}
