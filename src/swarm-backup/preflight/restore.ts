// Which way a swarm file can go back to a machine: forced initialisation, unlocking, or none; and what a person has to agree to.
import { finding } from '../../support/errors.ts';
import { requireUnlockKey } from './backup.ts';
import type { SwarmProbe } from '../engine/probe.ts';
import { type Manager, SWARM } from '../engine/manager.ts';
import type { Manifest } from '../file/manifest.ts';
import { STOP_OTHERS } from './other-managers.ts';

export type RestoreStrategy =
  /** `swarm init --force-new-cluster`: the other managers are taken out of raft. */
  | { readonly by: 'forced initialisation' }
  /** A single manager opens with its key alone, and a forced initialisation would break it. */
  | { readonly by: 'unlock key'; readonly unlockKey: string };

/** @param nodeKey the node's key out of the file. @throws DrillError of a finding when there is no way, or none without a key */
export function chooseStrategy(
  { cluster }: Manifest,
  nodeKey: string,
  unlockKey: string | undefined,
): RestoreStrategy {
  if (!cluster.autolock) return { by: 'forced initialisation' };
  if (cluster.managers > 1)
    throw finding(
      `the copy is of an autolocked swarm with ${cluster.managers} managers: unlocked, it waits for the others, and locked, it can't be initialised by force. There is no documented way (https://github.com/moby/moby/issues/36852)`,
      {
        code: 'autolocked-managers',
        hint: 'if one of its managers still works, let this host join there; else deploy the stacks anew from their sources. A backup for the loss of all managers is made with autolock off',
      },
    );
  requireUnlockKey(nodeKey, unlockKey);
  return { by: 'unlock key', unlockKey: unlockKey as string };
}

/** @throws DrillError of a finding when the machine is not one that the copy should go to, or not without --yes */
export async function preflightRestore(
  manager: Manager,
  seen: SwarmProbe,
  { node }: Manifest,
  yes: boolean,
): Promise<void> {
  const own = await manager.addresses();
  if (node.addressIsOwn && !own.includes(node.address))
    throw finding(
      `the copy is of the manager at ${node.address}, which is no address of ${manager.name} (${own.join(', ')})`,
      {
        code: 'moved-address',
        hint: `give it that address first (ip address add ${node.address}/… dev …): a forced initialisation keeps it, whatever it is told, and workers look for their manager there`,
      },
    );
  if (seen.state === 'manager') {
    const others = seen.members.filter(
      ({ ID, ManagerStatus }) => ID !== seen.nodeId && ManagerStatus?.Reachability === 'reachable',
    );
    if (others.length > 0)
      throw finding(
        `${manager.name} belongs to a swarm whose other managers live (${others
          .map(({ Description }) => Description.Hostname)
          .toSorted()
          .join(', ')}): after a restore there would be two swarms with one identity`,
        {
          code: 'others-alive',
          hint: STOP_OTHERS,
        },
      );
  }
  if (
    !yes &&
    (seen.state === 'silent' ? await manager.root.has(`${SWARM}/docker-state.json`) : seen.state !== 'none')
  )
    throw finding(`there is a swarm on ${manager.name}, and it would be replaced`, {
      code: 'swarm-there',
      hint: 'say --yes; its directory is kept aside',
    });
}
