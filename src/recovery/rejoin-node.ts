// A node that runs and has lost its swarm: it leaves what it remembers, joins again under a new id, and gets its labels back.
import { finding } from '../support/errors.ts';
import { step, typed } from '../support/trace.ts';
import type { Node } from '../swarm/node/node.ts';
import type { Swarm } from '../swarm/swarm.ts';
import { relabel } from './relabel.ts';
import { removeMember } from './remove-member.ts';

/**
 * Joins a running node to the swarm again. Its containers end, and its volumes stay, so services find their data when they come back.
 * @throws DrillError `not-rejoined` if it still has its old id
 */
export async function rejoinNode(swarm: Swarm, node: Node): Promise<void> {
  const before = (await node.engine.info()).Swarm.NodeID;
  const old = (await swarm.members()).find(({ ID }) => ID === before);
  await step(
    `${node.name} leaves`,
    () => node.exec(['sh', '-c', 'docker swarm leave --force || docker info >/dev/null']),
    typed(node, 'docker swarm leave --force'),
  );
  if (old) await removeMember(swarm, old);
  await swarm.joinNodes([node]);
  const now = (await node.engine.info()).Swarm.NodeID;
  if (now === before || now === '')
    throw finding(`${node.name}: expected a new node id, got ${now || 'none'}`, { code: 'not-rejoined' });
  await relabel(swarm, { [node.name]: old?.Spec.Labels ?? {} });
}
