// Where the new unlock key of a restored swarm goes: a new file that only its owner can read, or a terminal, and nowhere else.
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { unlockKeyKeeper } from '../../../../../src/cli/commands/swarm/new-unlock-key.ts';
import { localDataRoot } from '../../../../../src/swarm-backup/engine/local-data-root.ts';
import type { DataRoot } from '../../../../../src/swarm-backup/engine/manager.ts';
import { newUnlockKey } from '../../../../support/sealed-key.ts';

let home: string;
let root: DataRoot;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'swarm-drill-unlock-'));
  await mkdir(join(home, 'swarm'));
  root = localDataRoot(home);
});
afterEach(() => rm(home, { recursive: true }));

const key = newUnlockKey();

/** @returns what was written to standard output, too */
async function keeperOn(options: Parameters<typeof unlockKeyKeeper>[0], isTTY: boolean) {
  const written: string[] = [];
  const write = (text: unknown): boolean => written.push(String(text)) > 0;
  return { keep: await unlockKeyKeeper(options, root, { isTTY, write }), written };
}

test('writes it to a new file that only the owner can read, and not to the terminal', async () => {
  const newUnlockKeyFile = join(home, 'new.txt');
  const { keep, written } = await keeperOn({ newUnlockKeyFile, json: false }, true);
  await keep?.(key);
  expect(await readFile(newUnlockKeyFile, 'utf8')).toBe(`${key}\n`);
  expect((await stat(newUnlockKeyFile)).mode & 0o777).toBe(0o600);
  expect(written).toEqual([]);
});

test('shows it on a terminal', async () => {
  const { keep, written } = await keeperOn({ json: false }, true);
  await keep?.(key);
  expect(written.join('')).toContain(key);
});

test.for([
  { json: false, isTTY: false },
  { json: true, isTTY: true },
])('keeps it nowhere with json $json and a terminal $isTTY', async ({ json, isTTY }) => {
  const { keep, written } = await keeperOn({ json }, isTTY);
  expect(keep).toBeUndefined();
  expect(written).toEqual([]);
});

test('refuses a file that exists, and one that the engine may remove', async () => {
  await writeFile(join(home, 'old.txt'), 'old');
  for (const [file, reason] of [
    ['old.txt', 'already exists'],
    ['swarm/new.txt', 'inside the swarm directory'],
    ['none/new.txt', 'expected a directory'],
  ] as const) {
    const refused = keeperOn({ newUnlockKeyFile: join(home, file), json: false }, true);
    await expect(refused).rejects.toMatchObject({ blame: 'usage', message: expect.stringContaining(reason) });
  }
});
