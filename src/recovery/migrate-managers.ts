// Moves the managers of a swarm to other addresses. A manager can't change its own: raft keeps the address with which it joined, and
// `swarm init --force-new-cluster --advertise-addr` does not change it. New managers join, and the old ones leave.
import { seconds } from '../support/clock.ts';
import { finding, usage } from '../support/errors.ts';
import { waitUntil } from '../support/poll.ts';
import { step } from '../support/trace.ts';
import type { Node } from '../swarm/node/node.ts';
import { knownManagers } from '../swarm/peers.ts';
import { Swarm } from '../swarm/swarm.ts';
import { removeMember } from './remove-member.ts';

/** How long nodes may take to hear of the new managers: their agents get the list with the next session. */
const NEWS_LIMIT = seconds(60);

/**
 * Starts managers of these names at new addresses, joins them, and removes all managers that the swarm had.
 * @returns the swarm without them
 * @throws DrillError `old-addresses` if a node still knows the address of a manager that is gone
 */
export async function migrateManagers(swarm: Swarm, names: readonly string[]): Promise<Swarm> {
  const old = swarm.managers;
  if (names.length === 0) throw usage('migrateManagers: no manager is named', 'Name at least one.');
  const started = await step('start the new managers', () =>
    swarm.site.startNodes(names.map((name) => ({ name, role: 'manager' as const }))),
  );
  await step('join the new managers', () => swarm.joinNodes(started));
  const staying = new Swarm(swarm.site, [...started, ...swarm.workers]);
  // One after the other: raft changes its members one at a time.
  for (const node of old) await retire(staying, node);
  await step('wait until every node knows the new managers only', () => requireOnly(staying, started));
  return staying;
}

async function retire(staying: Swarm, node: Node): Promise<void> {
  const { NodeID } = (await node.engine.info()).Swarm;
  const member = (await staying.members()).find(({ ID }) => ID === NodeID);
  if (!member) throw finding(`${node.name}: is not in the swarm`, { code: 'no-node' });
  await step(`retire ${node.name}`, async () => {
    await removeMember(staying, member);
    await node.destroy();
  });
}

async function requireOnly(swarm: Swarm, managers: readonly Node[]): Promise<void> {
  const addresses = managers.map(({ address }) => address);
  await waitUntil(
    'the addresses of the managers',
    async () => {
      const wrong = await findOtherAddresses(swarm, addresses);
      return wrong.length === 0 ? { done: true } : { notYet: wrong.join('; ') };
    },
    { limit: NEWS_LIMIT },
  ).catch((cause: unknown) => {
    throw finding(`nodes still know managers that are gone: ${(cause as Error).message}`, {
      code: 'old-addresses',
      cause,
    });
  });
}

/** One sentence for each node that knows a manager at another address, or none. */
async function findOtherAddresses(swarm: Swarm, addresses: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const node of swarm.nodes) {
    const known = await knownManagers(node);
    const other = known.filter((address) => !addresses.includes(address));
    if (other.length > 0) found.push(`${node.name} knows ${other.join(', ')}`);
    else if (known.length === 0) found.push(`${node.name} knows no manager`);
  }
  return found;
}
