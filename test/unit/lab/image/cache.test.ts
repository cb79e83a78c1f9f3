import { mkdir, mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { cached } from '../../../../src/lab/image/cache.ts';

const DAY = 24 * 60 * 60;
let home: string;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'swarm-drill-cache-'));
  vi.stubEnv('SWARM_DRILL_CACHE', home);
});
afterEach(() => rm(home, { recursive: true }));

/** An entry that was last used that many days ago. */
async function createEntry(name: string, days: number): Promise<void> {
  await mkdir(join(home, name), { recursive: true });
  await writeFile(join(home, name, 'content'), name);
  const then = Date.now() / 1000 - days * DAY;
  await utimes(join(home, name), then, then);
}

const make = (path: string): Promise<void> => writeFile(path, 'new');

test('makes an entry once, and removes those that were not used for 30 days', async () => {
  await createEntry('labs/old', 31);
  await createEntry('labs/recent', 29);
  const makeOnce = vi.fn(make);
  await cached('labs/new', makeOnce);
  await cached('labs/new', makeOnce);
  expect(makeOnce).toHaveBeenCalledOnce();
  expect((await readdir(join(home, 'labs'))).sort()).toEqual(['new', 'recent']);
});

test('keeps an old entry that is still used', async () => {
  await createEntry('labs/used', 31);
  await cached('labs/used', make);
  expect(Date.now() - (await stat(join(home, 'labs/used'))).mtimeMs).toBeLessThan(60_000);
  await cached('labs/new', make);
  expect((await readdir(join(home, 'labs'))).sort()).toEqual(['new', 'used']);
});
