// Whether a swarm goes on without one of its managers.
import type { Member } from '../lab/engine/api.ts';
import { finding } from '../support/errors.ts';

/** Returns the members that are managers, reachable or not. */
export const managersOf = (members: readonly Member[]): Member[] =>
  members.filter(({ ManagerStatus }) => ManagerStatus);

/** @throws DrillError `quorum` when the managers could not decide anything without this one */
export function quorumWithout(nodeId: string, members: readonly Member[]): void {
  const managers = managersOf(members);
  if (managers.length < 2) return;
  const needed = Math.floor(managers.length / 2) + 1;
  const left = managers.filter((one) => one.ID !== nodeId && one.ManagerStatus?.Reachability === 'reachable');
  if (left.length >= needed) return;
  const absent = managers.filter(({ ManagerStatus }) => ManagerStatus?.Reachability !== 'reachable');
  throw finding(
    `stopping this manager would leave ${left.length} of ${managers.length} managers, and a quorum needs ${needed}`,
    {
      code: 'quorum',
      hint:
        absent.length > 0
          ? `bring back ${absent.map(({ Description }) => Description.Hostname).join(', ')} first`
          : 'add a third manager, or demote one to a worker, then back up',
    },
  );
}
