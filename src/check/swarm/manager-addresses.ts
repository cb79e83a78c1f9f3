// Where the nodes look for their managers.
import type { Check } from '../../model/check.ts';
import { hostOf, knownManagers } from '../../swarm/peers.ts';
import type { Swarm } from '../../swarm/swarm.ts';

/**
 * Compares the addresses that raft and every node know with those that the managers have. `docker swarm init --force-new-cluster
 * --advertise-addr` reports success and changes neither (https://github.com/docker/for-linux/issues/523).
 */
export const managersAtTheirAddresses = (swarm: Swarm): Check => ({
  name: 'managers at their addresses',
  required: true,
  doesNotProve: 'that clients outside of the swarm use these addresses',
  covers: [],
  async observe() {
    const expected = new Map(swarm.managers.map(({ name, address }) => [name, address]));
    const addresses = new Set(expected.values());
    const members = (await swarm.members()).filter(({ ManagerStatus }) => ManagerStatus);
    const inRaft = members.flatMap(({ Description, ManagerStatus }) => {
      const address = hostOf(ManagerStatus?.Addr ?? '');
      const own = expected.get(Description.Hostname);
      return address === own
        ? []
        : [
            `raft: expected ${Description.Hostname} at ${own ?? 'no address, it is gone'}, got ${address || 'none'}`,
          ];
    });
    const onNodes = await Promise.all(
      swarm.nodes.map(async (node) =>
        (await knownManagers(node))
          .filter((address) => !addresses.has(address))
          .map((address) => `${node.name}: looks for a manager at ${address}, where none is`),
      ),
    );
    return {
      compared: members.length + swarm.nodes.length,
      differences: [...inRaft, ...onNodes.flat()],
    };
  },
});
