// Nodes that an administrator takes out of their role by mistake.
import type { Reversible } from '../../model/disaster.ts';
import type { MemberSpec } from '../../lab/engine/api.ts';
import { seconds } from '../../support/clock.ts';
import { waitUntil } from '../../support/poll.ts';
import type { Node } from '../../swarm/node/node.ts';
import type { Swarm } from '../../swarm/swarm.ts';
import { causeReversible } from '../cause.ts';
import { findTargets, namesOf, type Targets } from '../targets.ts';

/** The swarm changes a role some seconds after it was asked to. */
const ROLE_LIMIT = seconds(40);

/** Makes workers of managers. `undo` promotes them again. @throws DrillError `wait-timeout` if the swarm refuses, as for its last manager */
export async function demoteManagers(swarm: Swarm, targets: Targets): Promise<Reversible<Swarm>> {
  const nodes = findTargets(swarm, targets, 'demoteManagers');
  return causeReversible(
    {
      name: `demote ${namesOf(nodes)}`,
      witnesses: nodes.map((node) => ({
        what: `role of ${node.name}`,
        id: node.name,
        look: async () => ({
          state: (await node.engine.info()).Swarm.ControlAvailable ? 'manager' : 'worker',
        }),
      })),
      // One after the other: raft changes its members one at a time.
      cause: () => updateAll(swarm, nodes, { Role: 'worker' }),
      reverse: () => updateAll(swarm, nodes, { Role: 'manager' }),
      limit: ROLE_LIMIT,
    },
    swarm,
  );
}

/** Drains nodes: their tasks end, and start elsewhere if they may. `undo` makes the nodes active again. */
export async function drainNodes(swarm: Swarm, targets: Targets): Promise<Reversible<Swarm>> {
  const nodes = findTargets(swarm, targets, 'drainNodes');
  return causeReversible(
    {
      name: `drain ${namesOf(nodes)}`,
      witnesses: nodes.map((node) => ({
        what: `availability of ${node.name}`,
        id: node.name,
        async look() {
          const { Availability } = (await memberOf(swarm, node)).Spec;
          const tasks = await node.engine.containers.list({
            filters: { label: ['com.docker.swarm.task.id'] },
          });
          // It has not happened yet while tasks run.
          const state = tasks.length > 0 ? 'active' : Availability;
          return { state, detail: `${tasks.length} tasks run` };
        },
      })),
      cause: () => updateAll(swarm, nodes, { Availability: 'drain' }),
      reverse: () => updateAll(swarm, nodes, { Availability: 'active' }),
      limit: ROLE_LIMIT,
    },
    swarm,
  );
}

async function updateAll(swarm: Swarm, nodes: readonly Node[], change: Partial<MemberSpec>): Promise<void> {
  for (const node of nodes)
    // The swarm changes a member in between, as when it becomes ready; an update of an older version is refused.
    await waitUntil(
      `the change of ${node.name}`,
      async () => {
        const { ID, Version, Spec } = await memberOf(swarm, node);
        await (await swarm.manager()).engine.nodes.update(ID, Version, { ...Spec, ...change });
        return { done: true };
      },
      { limit: ROLE_LIMIT },
    );
}

async function memberOf(swarm: Swarm, node: Node) {
  const { NodeID } = (await node.engine.info()).Swarm;
  return (await swarm.manager()).engine.nodes.inspect(NodeID);
}
