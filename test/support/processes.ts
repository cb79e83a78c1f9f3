// The embedded lab's processes, as the host's /proc shows them.
import { readdir, readFile } from 'node:fs/promises';

export interface Process {
  readonly pid: number;
  /** Short name, also of a zombie, which has no command line any more. */
  readonly name: string;
  /** `S` sleeping, `Z` zombie: see proc_pid_stat(5). */
  readonly state: string;
}

const read = (path: string): Promise<string> => readFile(path, 'utf8').catch(() => '');

/** Pids of processes whose command line has `text` in it. */
export async function processesWith(text: string): Promise<number[]> {
  const found: number[] = [];
  for (const entry of await readdir('/proc'))
    if (/^\d+$/.test(entry) && (await read(`/proc/${entry}/cmdline`)).includes(text))
      found.push(Number(entry));
  return found;
}

/** The children of `pid` that there are, zombies too. */
export async function childrenOf(pid: number): Promise<Process[]> {
  const pids = (await read(`/proc/${pid}/task/${pid}/children`)).split(' ').filter(Boolean);
  const stats = await Promise.all(pids.map((child) => read(`/proc/${child}/stat`)));
  return stats.flatMap((stat) => {
    const [, child, name, state] = /^(\d+) \((.*)\) (\S)/s.exec(stat) ?? [];
    return child && name && state ? [{ pid: Number(child), name, state }] : [];
  });
}

/** The first process in the namespace of the lab whose directory is `home`. */
export async function firstProcess(home: string): Promise<number> {
  for (const pid of await processesWith(`${home}/socket`))
    for (const child of await childrenOf(pid)) return child.pid;
  throw new Error(`no lab runs in ${home}`);
}
