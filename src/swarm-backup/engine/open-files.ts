// Finds the processes that have files of a directory open: an engine that no longer answers may still write.
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** @returns the processes, e.g. `dockerd (812)`; none on a system without /proc */
export async function findOpenFileHolders(directory: string): Promise<string[]> {
  const inodes = new Set<string>();
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => []))
    if (entry.isFile()) await add(inodes, join(entry.parentPath, entry.name));
  const holders: string[] = [];
  for (const pid of await readdir('/proc').catch(() => []))
    if (/^\d+$/.test(pid) && Number(pid) !== process.pid && (await holds(pid, inodes)))
      holders.push(`${(await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '?')).trim()} (${pid})`);
  return holders;
}

/** By inode, not by name: a process in another mount namespace has another path for the file. */
async function add(inodes: Set<string>, path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found) inodes.add(`${found.dev}:${found.ino}`);
}

async function holds(pid: string, inodes: ReadonlySet<string>): Promise<boolean> {
  for (const fd of await readdir(`/proc/${pid}/fd`).catch(() => [])) {
    const found = await stat(`/proc/${pid}/fd/${fd}`).catch(() => undefined);
    if (found && inodes.has(`${found.dev}:${found.ino}`)) return true;
  }
  return false;
}
