// Replaces nodes of a swarm that lives on: what an operator does with `node demote`, `node rm --force` and `swarm join`.
import type { Member } from '../lab/engine/api.ts';
import { count } from '../support/count.ts';
import { step } from '../support/trace.ts';
import { memberIds } from '../swarm/membership.ts';
import type { Swarm } from '../swarm/swarm.ts';
import { relabel, type NodeLabels } from './relabel.ts';
import { removeMember } from './remove-member.ts';

/** Options of `replaceLostNodes`. */
export interface ReplaceOptions {
  /**
   * Sets the labels of each lost node on its replacement. Default true. Set it to false where a service waits for a label and its
   * data is not in place yet; set the labels later with `relabel`.
   */
  readonly moveLabels?: boolean;
}

/**
 * Replaces every member whose node is lost. Lost managers are demoted, so that they no longer count for the quorum; lost members are
 * removed; new nodes with the same names and addresses join in the same roles. The swarm gains the new nodes.
 * @returns the labels of the lost nodes, by name
 * @throws DrillError `no-manager` if no manager answers, `wait-timeout` if the swarm does not accept a change, as without a quorum
 */
export async function replaceLostNodes(
  swarm: Swarm,
  { moveLabels = true }: ReplaceOptions = {},
): Promise<NodeLabels> {
  const lost = await lostMembers(swarm);
  const names = lost.map(({ Description }) => Description.Hostname);
  const labels = Object.fromEntries(
    lost.map(({ Description, Spec }) => [Description.Hostname, Spec.Labels ?? {}]),
  );
  const [replacements] = await Promise.all([
    step(`start ${count(names.length, 'replacement node')}`, () =>
      swarm.site.startNodes(
        lost.map(({ Description, Spec }) => ({ name: Description.Hostname, role: Spec.Role })),
      ),
    ),
    step('remove the lost members', async () => {
      // One after the other: raft changes its members one at a time.
      for (const member of lost) await removeMember(swarm, member);
    }),
  ]);
  await step('join the replacement nodes', () => swarm.joinNodes(replacements));
  if (moveLabels) await relabel(swarm, labels);
  return labels;
}

/** Members by id, not by name: a replacement has the name of the node that it replaces. */
async function lostMembers(swarm: Swarm): Promise<Member[]> {
  const alive = await memberIds(swarm.nodes);
  return (await swarm.members()).filter(({ ID }) => !alive.has(ID));
}
