// Chooses how a swarm file can be restored, and checks that this machine may be restored from it.
import { finding } from '../../support/errors.ts';
import { unsealKeyFile } from '../autolock/unseal.ts';
import { requireUnlockKey } from './backup.ts';
import type { SwarmProbe } from '../engine/probe.ts';
import { type Manager, SWARM } from '../engine/manager.ts';
import type { Manifest } from '../file/manifest.ts';
import { STOP_OTHERS } from './other-managers.ts';

export type RestoreStrategy =
  /** `swarm init --force-new-cluster`: removes the other managers from raft. */
  | { readonly by: 'forced initialisation' }
  /** A single autolocked manager only needs its key, and a forced initialisation would break it. */
  | { readonly by: 'unlock key'; readonly unlockKey: string }
  /**
   * Several autolocked managers: locked, they can't be initialised by force; unlocked, they wait for those that are lost. So the
   * copy gets the node key unsealed, is initialised by force, and is locked again with a new unlock key.
   */
  | { readonly by: 'unsealed key'; readonly unlockKey: string; readonly sealedKey: string };

/**
 * @param nodeKey the node's key from the file
 * @throws DrillError `no-unlock-key`, `wrong-unlock-key`; of several managers what `unsealKeyFile` throws
 */
export function chooseStrategy(
  { cluster }: Manifest,
  nodeKey: string,
  unlockKey: string | undefined,
): RestoreStrategy {
  const by = strategyOf({ cluster });
  if (by === 'forced initialisation') return { by };
  requireUnlockKey(nodeKey, unlockKey);
  const given = unlockKey as string;
  if (by === 'unlock key') return { by, unlockKey: given };
  // Everything in it must open before anything is touched. It is unsealed again when it is written.
  unsealKeyFile(nodeKey, given);
  return { by, unlockKey: given, sealedKey: nodeKey };
}

export const strategyOf = ({
  cluster: { autolock, managers },
}: Pick<Manifest, 'cluster'>): RestoreStrategy['by'] =>
  autolock ? (managers > 1 ? 'unsealed key' : 'unlock key') : 'forced initialisation';

/** @throws DrillError `unlock-key-unkept` when the restored swarm gets a new unlock key and nothing would keep it */
export function requireKeeper(
  { by }: RestoreStrategy,
  { keepUnlockKey }: { readonly keepUnlockKey?: unknown },
): void {
  if (by === 'unsealed key' && keepUnlockKey === undefined)
    throw finding(
      'the restored swarm gets a new unlock key, and there is neither a terminal to show it on nor a file to write it to',
      {
        code: 'unlock-key-unkept',
        hint: 'Pass --new-unlock-key-file with the name of a new file, or run the command in a terminal without --json.',
      },
    );
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
