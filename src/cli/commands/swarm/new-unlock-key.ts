// Keeps the new unlock key of a restored swarm for the person who restored it: in a file, or once on the terminal. Standard output that
// is not a terminal is often a log, so the key is never written there.
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { resolveOutput } from '../../../swarm-backup/file/paths.ts';
import type { DataRoot } from '../../../swarm-backup/engine/manager.ts';
import { syncDirectory } from '../../../support/write-file.ts';

export interface KeeperOptions {
  readonly newUnlockKeyFile?: string;
  readonly json: boolean;
}

export type KeepUnlockKey = (key: string) => Promise<void>;

/** @returns undefined if there is neither. @throws DrillError of usage when the file exists or can't be written there */
export async function unlockKeyKeeper(
  { newUnlockKeyFile, json }: KeeperOptions,
  root: DataRoot,
  terminal: Pick<NodeJS.WriteStream, 'isTTY' | 'write'> = process.stdout,
): Promise<KeepUnlockKey | undefined> {
  if (newUnlockKeyFile !== undefined)
    return fileKeeper(await resolveOutput({ output: newUnlockKeyFile, overwrite: false }, root));
  if (json || !terminal.isTTY) return undefined;
  return async (key) => {
    terminal.write(
      `the new unlock key of the swarm, shown only now (docker swarm unlock-key shows it while a manager is unlocked):\n\n    ${key}\n\n`,
    );
  };
}

const fileKeeper =
  (path: string): KeepUnlockKey =>
  async (key) => {
    await using file = await open(path, 'wx', 0o600);
    await file.writeFile(`${key}\n`);
    await file.sync();
    await syncDirectory(dirname(path));
  };
