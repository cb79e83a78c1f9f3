// The labels by which everything of ours is found, never by a name or by a file that lists it.
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

/** On every container, network and volume of a run; its value is the run's id. */
export const RUN_LABEL = 'swarm-drill.run';
/** The process that a run lives in: `host:pid:start time`. */
export const OWNER_LABEL = 'swarm-drill.owner';
/** Which drill an object belongs to. */
export const DRILL_LABEL = 'swarm-drill.drill';
/** On a container of a drill: which part of it this is, e.g. `manager-1-1` or `vault`. Its log file is named after it. */
export const PART_LABEL = 'swarm-drill.part';
/** On a node's container: `manager` or `worker`. */
export const ROLE_LABEL = 'swarm-drill.role';
/** On what is worth keeping between runs: its value is the key of what it was made from. */
export const CACHE_LABEL = 'swarm-drill.cache';

/** When the process began, in clock ticks since boot; with the pid it names a process for good. Empty where /proc is missing. */
function startTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}

/** Names a process of this host, for a label. */
export const ownerOf = (pid: number): string => `${hostname()}:${pid}:${startTime(pid) ?? ''}`;

/** Whether the process that an owner label names still runs. One of another host counts as alive. */
export function ownerIsAlive(owner: string): boolean {
  const [host, pid, start] = owner.split(':');
  if (host !== hostname()) return true;
  if (process.platform === 'linux')
    return start !== undefined && start !== '' && startTime(Number(pid)) === start;
  try {
    process.kill(Number(pid), 0);
    return true;
  } catch {
    return false;
  }
}
