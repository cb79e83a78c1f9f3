// Machines that come back with other addresses, as after a move to another network or a change of DHCP.
import type { Reversible } from '../../model/disaster.ts';
import { seconds } from '../../support/clock.ts';
import type { Node } from '../../swarm/node/node.ts';
import type { Swarm } from '../../swarm/swarm.ts';
import { causeReversible } from '../cause.ts';
import { namesOf, splitTargets, type Targets } from '../targets.ts';

/** How long a node's containers have to end. */
const GRACE = seconds(10);

/**
 * Shuts nodes down and starts them at other addresses of the site. Their engines remember the old ones: a manager announces an address
 * that it no longer has. `undo` moves them back.
 */
export async function changeAddresses(swarm: Swarm, targets: Targets): Promise<Reversible<Swarm>> {
  const { nodes, others } = splitTargets(swarm, targets, 'changeAddresses');
  const originals = nodes.map(({ name, address }) => ({ name, address }));
  for (const node of nodes) others.replace(node);
  return causeReversible(
    {
      name: `change the addresses of ${namesOf(nodes)}`,
      witnesses: nodes.map(({ name, id }) => ({
        what: `address of ${name}`,
        id,
        look: async () => ({ state: await addressesIn(others.node(name)) }),
      })),
      cause: () => Promise.all(nodes.map(({ name }) => move(swarm, others, name))),
      reverse: () => Promise.all(originals.map(({ name, address }) => move(swarm, others, name, address))),
    },
    others,
  );
}

async function move(swarm: Swarm, survivors: Swarm, name: string, address?: string): Promise<void> {
  const stopped = await survivors.node(name).stop(GRACE);
  await swarm.site.moveNode(stopped, address);
  const started = await stopped.start();
  swarm.replace(started);
  survivors.replace(started);
}

/** Asks the kernel for the addresses in the node's own network. */
async function addressesIn(node: Node): Promise<string> {
  const argv = ['ip', '-oneline', '-family', 'inet', 'address', 'show', 'to', node.address];
  const found = await node.execInHelper({ argv, shares: 'network' });
  return found.includes(`${node.address}/`) ? node.address : `not ${node.address}`;
}
