// Chooses how a swarm file can be restored, and checks that this machine may be restored from it.
import { finding } from '../../support/errors.ts';
import { requireUnlockKey } from './backup.ts';
import type { SwarmProbe } from '../engine/probe.ts';
import { type Manager, SWARM } from '../engine/manager.ts';
import type { Manifest } from '../file/manifest.ts';
import { STOP_OTHERS } from './other-managers.ts';

export type RestoreStrategy =
  /** `swarm init --force-new-cluster`: removes the other managers from raft. */
  | { readonly by: 'forced initialisation' }
  /** A single autolocked manager only needs its key, and a forced initialisation would break it. */
  | { readonly by: 'unlock key'; readonly unlockKey: string };

/**
 * @param nodeKey the node's key from the file
 * @throws DrillError `autolocked-managers`, `no-unlock-key`, `wrong-unlock-key`
 */
export function chooseStrategy(
  { cluster }: Manifest,
  nodeKey: string,
  unlockKey: string | undefined,
): RestoreStrategy {
  if (!cluster.autolock) return { by: 'forced initialisation' };
  if (cluster.managers > 1)
    throw finding(
      `the backup is of an autolocked swarm with ${cluster.managers} managers: unlocked, it waits for the others; locked, it can't be initialised by force. There is no documented way to restore it (https://github.com/moby/moby/issues/36852)`,
      {
        code: 'autolocked-managers',
        hint: 'If one of its managers still works, join this host to it. Otherwise deploy the stacks again from their sources. To be able to restore after losing all managers, turn autolock off before the backup.',
      },
    );
  requireUnlockKey(nodeKey, unlockKey);
  return { by: 'unlock key', unlockKey: unlockKey as string };
}

/** @throws DrillError `moved-address`, `others-alive`, `swarm-exists` */
export async function preflightRestore(
  manager: Manager,
  probe: SwarmProbe,
  { node }: Manifest,
  yes: boolean,
): Promise<void> {
  const own = await manager.addresses();
  if (node.addressIsOwn && !own.includes(node.address))
    throw finding(
      `the backup is of the manager at ${node.address}, and ${manager.name} does not have that address (it has ${own.join(', ')})`,
      {
        code: 'moved-address',
        // A forced initialisation keeps the old address and ignores another one, and workers look for their manager there.
        hint: `Add that address first: ip address add ${node.address}/… dev ….`,
      },
    );
  if (probe.state === 'manager') {
    const others = probe.members.filter(
      ({ ID, ManagerStatus }) => ID !== probe.nodeId && ManagerStatus?.Reachability === 'reachable',
    );
    if (others.length > 0)
      throw finding(
        `${manager.name} belongs to a swarm whose other managers run (${others
          .map(({ Description }) => Description.Hostname)
          .toSorted()
          .join(', ')}): a restore would make two swarms with one identity`,
        {
          code: 'others-alive',
          hint: STOP_OTHERS,
        },
      );
  }
  if (
    !yes &&
    (probe.state === 'silent' ? await manager.root.has(`${SWARM}/docker-state.json`) : probe.state !== 'none')
  )
    throw finding(`there is a swarm on ${manager.name} already`, {
      code: 'swarm-exists',
      hint: 'Pass --yes to replace it (the old directory is preserved).',
    });
}
