// Which nodes a disaster is for, by name or as they are.
import { usage } from '../support/errors.ts';
import type { Node } from '../swarm/node/node.ts';
import { Swarm } from '../swarm/swarm.ts';

/** One node or several, or their names. */
export type Targets = Node | string | readonly (Node | string)[];

/** @throws DrillError `no-node` if the swarm has none of that name */
export const findTarget = (swarm: Swarm, target: Node | string): Node =>
  typeof target === 'string' ? swarm.node(target) : target;

/** @throws DrillError `no-node` if the swarm has none of that name; `usage` if none is named */
export function findTargets(swarm: Swarm, targets: Targets, disaster: string): readonly Node[] {
  const names = new Set([targets].flat().map((node) => (typeof node === 'string' ? node : node.name)));
  if (names.size === 0) throw usage(`${disaster}: expected at least one node, got none`, 'Name a node.');
  return [...names].map((name) => swarm.node(name));
}

/**
 * Splits the swarm into the nodes that are meant and the others, which may be none.
 * @throws as `findTargets`
 */
export function splitTargets(
  swarm: Swarm,
  targets: Targets,
  disaster: string,
): { readonly nodes: readonly Node[]; readonly others: Swarm } {
  const nodes = findTargets(swarm, targets, disaster);
  const names = new Set(nodes.map(({ name }) => name));
  const remaining = swarm.nodes.filter(({ name }) => !names.has(name));
  return { nodes, others: new Swarm(swarm.site, remaining) };
}

export const namesOf = (nodes: readonly Node[]): string => nodes.map(({ name }) => name).join(', ');
