// Check of the addresses that a swarm gives to new networks. Networks that were restored keep theirs, and look right in any case.
import { randomBytes } from 'node:crypto';
import { BlockList, isIPv4 } from 'node:net';
import { seconds } from '../../support/clock.ts';
import { waitUntil } from '../../support/poll.ts';
import { withCleanup } from '../../support/with-cleanup.ts';
import type { Node } from '../../swarm/node/node.ts';
import type { AddressPool } from '../../swarm/membership.ts';
import type { Swarm } from '../../swarm/swarm.ts';
import type { Check } from '../../model/check.ts';

/**
 * Creates an overlay network, compares its subnet with the pool, and removes it; then stops the leader and does the same with the
 * next one, if there are several managers: each leader hands out addresses by the settings that it was started with.
 */
export const newNetworksFromPool = (swarm: Swarm, pool: AddressPool): Check => ({
  name: 'new networks from pool',
  required: true,
  doesNotProve: 'that the pool is the same on managers that never were the leader',
  covers: ['networks'],
  async observe() {
    const differences = [];
    let compared = 1;
    const leader = await swarm.leader();
    differences.push(...difference(pool, await probeSubnet(leader), `with ${leader.name} as leader`));
    if (swarm.managers.length > 2) {
      compared++;
      const stopped = await leader.stop(seconds(3));
      await withCleanup(
        async () => {
          const next = await waitUntil('the next leader', () => nextLeader(swarm, leader), {
            limit: seconds(45),
          });
          differences.push(...difference(pool, await probeSubnet(next), `with ${next.name} as leader`));
        },
        async () => swarm.replace(await stopped.start()),
        { code: 'not-back', limit: seconds(60) },
      );
      await swarm.ready();
    }
    return { compared, differences };
  },
});

async function nextLeader(swarm: Swarm, old: Node) {
  const [other] = swarm.managers.filter(({ name }) => name !== old.name);
  const members = await other?.engine.nodes.list();
  const leader = members?.find(({ ManagerStatus }) => ManagerStatus?.Leader)?.Description.Hostname;
  return leader === undefined || leader === old.name
    ? { notYet: 'there is none yet' }
    : { done: swarm.node(leader) };
}

/** Returns the subnet of a network that is created for this and removed again. */
async function probeSubnet({ engine }: Node): Promise<string> {
  const name = `swarm-drill-probe-${randomBytes(4).toString('hex')}`;
  await engine.networks.create({ Name: name, Driver: 'overlay', Attachable: true });
  return withCleanup(
    () =>
      waitUntil('the subnet of a new network', async () => {
        // The swarm allocates it after it has answered.
        const { IPAM } = await engine.networks.inspect(name);
        const subnet = IPAM?.Config?.[0]?.Subnet;
        return subnet === undefined ? { notYet: 'it has none yet' } : { done: subnet };
      }),
    () => engine.networks.remove(name),
    { code: 'probe-left', limit: seconds(30) },
  );
}

function difference({ pools, subnetSize }: AddressPool, subnet: string, when: string): string[] {
  const [address = '', size] = subnet.split('/');
  const allowed = new BlockList();
  for (const pool of pools) {
    const [base = '', bits] = pool.split('/');
    allowed.addSubnet(base, Number(bits), isIPv4(base) ? 'ipv4' : 'ipv6');
  }
  return allowed.check(address, isIPv4(address) ? 'ipv4' : 'ipv6') && Number(size) === subnetSize
    ? []
    : [`new network ${when}: expected a /${subnetSize} of ${pools.join(', ')}, got ${subnet}`];
}
