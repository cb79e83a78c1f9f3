// Firewall rules in the network of a node, in a chain that one name removes again. They end with the node's container: a node that was
// stopped and started has none.
import { randomBytes } from 'node:crypto';
import type { Node } from '../../swarm/node/node.ts';

/**
 * A shell script: `$1` is the chain, the lines of its input are the arguments of its rules. The table `mangle` is where packets are
 * seen that the node sends, receives or forwards for its containers, before their addresses are translated. Kernels without nftables
 * have the older iptables.
 */
const ADD = `set -eu
iptables=iptables
iptables -t mangle -nL >/dev/null 2>&1 || iptables=iptables-legacy
$iptables -w -t mangle -N "$1"
while read -r rule; do $iptables -w -t mangle -A "$1" $rule; done
$iptables -w -t mangle -I PREROUTING -j "$1"
$iptables -w -t mangle -I POSTROUTING -j "$1"`;

/** Succeeds if the chain does not exist. */
const REMOVE = `set -eu
for iptables in iptables iptables-legacy; do
  $iptables -w -t mangle -nL "$1" >/dev/null 2>&1 || continue
  $iptables -w -t mangle -D PREROUTING -j "$1" || true
  $iptables -w -t mangle -D POSTROUTING -j "$1" || true
  $iptables -w -t mangle -F "$1"
  $iptables -w -t mangle -X "$1"
done`;

export const newChain = (): string => `swarm-drill-${randomBytes(4).toString('hex')}`;

/** @param rules arguments of `iptables`, e.g. `-s 10.0.0.1 -j DROP` */
export async function addRules(node: Node, chain: string, rules: readonly string[]): Promise<void> {
  const argv = ['sh', '-c', ADD, 'rules', chain];
  await node.execInHelper({ argv, shares: 'network', input: `${rules.join('\n')}\n` });
}

/** A node that does not run has no rules. */
export async function removeRules(node: Node, chain: string): Promise<void> {
  if (['gone', 'exited'].includes(await node.containerState())) return;
  await node.execInHelper({ argv: ['sh', '-c', REMOVE, 'rules', chain], shares: 'network' });
}
