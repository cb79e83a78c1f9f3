// The network between nodes is cut. The nodes run on, and can be reached from their consoles.
import type { Reversible } from '../../model/disaster.ts';
import { usage } from '../../support/errors.ts';
import type { Node } from '../../swarm/node/node.ts';
import type { Swarm } from '../../swarm/swarm.ts';
import { causeReversible, type Witness } from '../cause.ts';
import { findTargets, namesOf, type Targets } from '../targets.ts';
import { probeNetwork, type Measured } from './probe.ts';
import { addRules, newChain, removeRules } from './rules.ts';

/** Options of `cutNetwork`. */
export interface CutOptions {
  /** The nodes that they are cut off from. Default: all others of the swarm. */
  readonly from?: Targets;
  /** `outgoing`: nothing that they send arrives there; `incoming`: nothing from there arrives at them. Default `both`. */
  readonly direction?: 'both' | 'outgoing' | 'incoming';
}

/**
 * Cuts nodes off from others: packets between them are dropped without an answer, also on connections that are open. `undo` lets them
 * pass again.
 * @throws DrillError `usage` unless there are two different sides
 */
export async function cutNetwork(
  swarm: Swarm,
  targets: Targets,
  { from, direction = 'both' }: CutOptions = {},
): Promise<Reversible<Swarm>> {
  const these = findTargets(swarm, targets, 'cutNetwork');
  const those = from === undefined ? othersThan(swarm, these) : findTargets(swarm, from, 'cutNetwork');
  if (those.length === 0 || these.some((node) => those.includes(node)))
    throw usage(
      `cutNetwork: expected two different sides, got ${namesOf(these)} and ${namesOf(those) || 'none'}`,
      'Name nodes on the other side with `from` that are not cut off themselves.',
    );
  const chain = newChain();
  const rules = those.flatMap(({ address }) => [
    ...(direction === 'incoming' ? [] : [`-d ${address} -j DROP`]),
    ...(direction === 'outgoing' ? [] : [`-s ${address} -j DROP`]),
  ]);
  return causeReversible(
    {
      name: `cut ${namesOf(these)} off from ${namesOf(those)}${direction === 'both' ? '' : `, ${direction} only`}`,
      witnesses: witnessesOf(these, those, direction),
      cause: () => Promise.all(these.map((node) => addRules(node, chain, rules))),
      reverse: () => Promise.all(these.map((node) => removeRules(node, chain))),
    },
    swarm,
  );
}

const othersThan = (swarm: Swarm, nodes: readonly Node[]): readonly Node[] =>
  swarm.nodes.filter((node) => !nodes.includes(node));

function witnessesOf(
  these: readonly Node[],
  those: readonly Node[],
  direction: CutOptions['direction'],
): Witness[] {
  const probe = shareProbe([...these, ...those]);
  const pairs = these.flatMap((here) =>
    those.flatMap((there) => [
      ...(direction === 'incoming' ? [] : [[here, there] as const]),
      ...(direction === 'outgoing' ? [] : [[there, here] as const]),
    ]),
  );
  return pairs.map(([sender, receiver]) => ({
    what: `network from ${sender.name} to ${receiver.name}`,
    id: `${sender.address} to ${receiver.address}`,
    async look() {
      const { arrived } = (await probe())(sender, receiver);
      return { state: arrived > 0 ? 'datagrams arrive' : 'no datagram arrives' };
    },
  }));
}

/** All witnesses look at the same time, and one measurement answers them. */
export function shareProbe(
  nodes: readonly Node[],
  measure: (nodes: readonly Node[]) => Promise<Measured> = probeNetwork,
): () => Promise<Measured> {
  let current: Promise<Measured> | undefined;
  return () => {
    current ??= measure(nodes).finally(() => (current = undefined));
    return current;
  };
}
