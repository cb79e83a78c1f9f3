// What a drill author can do for a swarm that lost some of its nodes.
import type { Swarm } from '../swarm/swarm.ts';

/** Removes the members that no node stands behind any more. Returns, by host name, the labels that each node should carry. */
export const replaceLostMembers = (swarm: Swarm): Promise<Record<string, Record<string, string>>> =>
  swarm.replaceLostMembers();
