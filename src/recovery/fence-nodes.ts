// Fences what is left of an old cluster: a restored manager and an old one with the same identity would both accept writes.
import { unreachableReason } from '../lab/engine/connect.ts';
import { finding } from '../support/errors.ts';
import { step, typed } from '../support/trace.ts';
import type { Node, StoppedNode } from '../swarm/node/node.ts';

/**
 * Stops the nodes for good, before a restore that takes over their identity.
 * @throws DrillError `not-fenced` if an engine still answers
 */
export async function fenceNodes(nodes: readonly Node[]): Promise<StoppedNode[]> {
  const stopped = await Promise.all(
    nodes.map((node) =>
      step(
        `fence ${node.name}`,
        () => node.stop(),
        // Disabled, too: it must not come back after a reboot.
        typed(node, 'systemctl disable --now docker.socket docker'),
      ),
    ),
  );
  const reasons = await Promise.all(nodes.map(({ engine }) => unreachableReason(engine)));
  const alive = nodes.filter((_, index) => reasons[index] === undefined).map(({ name }) => name);
  if (alive.length > 0)
    throw finding(`${alive.join(', ')}: still answers after it was stopped`, {
      code: 'not-fenced',
      hint: 'Cut its power or its network before you restore.',
    });
  return stopped;
}
