// Removes a node from the swarm's list: `docker node demote`, `docker node rm --force`.
import type { Member } from '../lab/engine/api.ts';
import { reasonOf } from '../support/errors.ts';
import { waitUntil } from '../support/poll.ts';
import { step, typed } from '../support/trace.ts';
import type { Node } from '../swarm/node/node.ts';
import type { Swarm } from '../swarm/swarm.ts';

/** What swarmkit answers for a manager that a forced new cluster has taken out of raft: nothing is left to demote. */
const NOT_IN_RAFT = /can't find manager in raft memberlist/;

/**
 * Demotes the member if it is a manager, so that it no longer counts for the quorum, and removes it. By id, since its replacement may
 * have its name already.
 */
export async function removeMember(swarm: Swarm, { ID, Description }: Member): Promise<void> {
  const { Hostname } = Description;
  const manager = await swarm.manager();
  const { Spec } = await manager.engine.nodes.inspect(ID);
  if (Spec.Role === 'manager')
    await step(`demote ${Hostname}`, () => demote(swarm, ID), typed(manager, `docker node demote ${ID}`));
  await step(
    `remove ${Hostname}`,
    () =>
      waitUntil(`the removal of ${Hostname}`, async () => {
        // The swarm refuses to remove a manager, and takes it out of raft some time after it was demoted.
        await (await swarm.manager()).engine.nodes.remove(ID);
        return { done: true };
      }),
    typed(manager, `docker node rm --force ${ID}`),
  );
}

const demote = (swarm: Swarm, id: string): Promise<unknown> =>
  waitUntil(`the demotion of node ${id}`, async () => {
    const { engine }: Node = await swarm.manager();
    const { Version, Spec } = await engine.nodes.inspect(id);
    if (Spec.Role === 'manager')
      await engine.nodes.update(id, Version, { ...Spec, Role: 'worker' }).catch((error: unknown) => {
        if (!NOT_IN_RAFT.test(reasonOf(error))) throw error;
      });
    return { done: true };
  });
