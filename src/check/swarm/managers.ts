// Checks of the control plane: which managers there are, and whether it survives the loss of one.
import { randomBytes } from 'node:crypto';
import { seconds, type Seconds } from '../../support/clock.ts';
import { waitUntil } from '../../support/poll.ts';
import type { Swarm } from '../../swarm/swarm.ts';
import type { Check } from '../../model/check.ts';

/** Compares the number of reachable managers with `expected`, and expects exactly one leader. */
export const managersReachable = (swarm: Swarm, expected: number): Check => ({
  name: 'managers reachable',
  required: true,
  doesNotProve: 'that they stay reachable, or run on different machines',
  covers: ['nodes'],
  async observe() {
    const managers = (await swarm.members()).filter((member) => member.ManagerStatus);
    const reachable = managers.filter((member) => member.ManagerStatus?.Reachability === 'reachable');
    const differences: string[] = [];
    if (reachable.length !== expected)
      differences.push(
        `expected ${expected} reachable managers, got ${reachable.length} (${reachable.map(({ Description }) => Description.Hostname).join(', ')})`,
      );
    const leaders = reachable.filter((member) => member.ManagerStatus?.Leader).length;
    if (leaders !== 1) differences.push(`expected one leader, got ${leaders}`);
    return { compared: expected + 1, differences };
  },
});

/** A config must have at least one byte. */
const PROBE_DATA = Buffer.from('probe').toString('base64');

/**
 * Stops the leader, writes to raft through another manager, and starts the leader again.
 * @param limit how long the election of a new leader may take, in seconds; raft's timeout for it is 10 to 20 s. Default 30
 */
export const survivesLeaderLoss = (swarm: Swarm, limit: Seconds = seconds(30)): Check => ({
  name: 'survives leader loss',
  required: true,
  doesNotProve: 'that two may be lost at once',
  covers: [],
  async observe() {
    const leader = await swarm.leader();
    const others = swarm.managers.filter(({ name }) => name !== leader.name);
    const [other] = others;
    if (!other)
      return {
        compared: 1,
        differences: [`${leader.name}: is the only manager`],
      };
    const stopped = await leader.stop(seconds(3));
    const name = `swarm-drill-probe-${randomBytes(4).toString('hex')}`;
    try {
      // A write to raft needs a quorum; a read would be answered from memory.
      const id = await waitUntil(
        'a write to raft',
        async () => ({ done: await other.engine.configs.create({ Name: name, Data: PROBE_DATA }) }),
        { limit },
      );
      await other.engine.configs.remove(id);
      return {
        compared: 1,
        differences: [],
        detail: `${leader.name} was the leader and was stopped; ${other.name} accepted a write`,
      };
    } catch (error) {
      return {
        compared: 1,
        differences: [`without ${leader.name} no write was accepted: ${(error as Error).message}`],
      };
    } finally {
      swarm.replace(await stopped.start());
      await swarm.ready();
    }
  },
});
