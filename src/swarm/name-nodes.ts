// The names that nodes of a drill get.
import type { NodeIdentity } from './node/container.ts';
import type { Topology } from './swarm.ts';

/** Returns names and roles of that many nodes: `manager-1`, `worker-1` and so on, without the names that are taken. */
export function nameNodes(
  { managers = 0, workers = 0, limitedDisks = {} }: Partial<Topology>,
  taken: ReadonlySet<string> = new Set(),
): NodeIdentity[] {
  const nodes: NodeIdentity[] = [];
  for (const [role, count] of [
    ['manager', managers],
    ['worker', workers],
  ] as const)
    for (let number = 1, left = count; left > 0; number++) {
      const name = `${role}-${number}`;
      if (taken.has(name)) continue;
      nodes.push({ name, role, limitedDisk: limitedDisks[name] });
      left--;
    }
  return nodes;
}
