// Whether a restore would make a second swarm of one that lives: every manager that anything is known of is asked.
import { finding } from '../../support/errors.ts';
import type { Manager } from '../engine/manager.ts';
import type { Manifest } from '../file/manifest.ts';
import { KNOWN_MANAGERS, NODE_CERTIFICATE, parseNodeId } from '../file/node-key.ts';
import { probePeers, type Peer, parsePeers } from '../engine/peers.ts';

export const STOP_OTHERS =
  'stop the engines of the other managers first; if that swarm works, let this manager leave and join anew instead';

/**
 * Asks every manager of the swarm of which anything is known here. What this engine says does not do: locked, without a quorum or
 * stopped it knows of nobody, and a machine with a new disk never did.
 * @param known the `state.json` of the file
 * @returns what could not be found out, for a person to judge. @throws DrillError `others-alive`
 */
export async function requireOtherManagersGone(
  manager: Manager,
  { cluster, node, objects }: Manifest,
  known: string | undefined,
): Promise<string[]> {
  const { root } = manager;
  const own = [node.id, readOwner(await root.read(NODE_CERTIFICATE))];
  const isOther = ({ id }: Peer): boolean => !own.includes(id);
  const peers = [...parsePeers(known), ...parsePeers(await root.read(KNOWN_MANAGERS))].filter(isOther);
  const found = await probePeers(manager, peers, cluster.id);
  const nameOf = ({ id, address }: Peer): string =>
    [objects.nodes.find((one) => one.id === id)?.name, address].filter(Boolean).join(' at ');
  const alive = found.filter((one) => one.lives && isOther(one));
  if (alive.length > 0)
    throw finding(
      `other managers of the swarm live (${alive.map(nameOf).toSorted().join(', ')}): after a restore there would be two swarms with one identity`,
      { code: 'others-alive', hint: STOP_OTHERS },
    );
  const silent = found.flatMap((one) => (one.lives ? [] : [`${nameOf(one)} (${one.reason})`]));
  if (silent.length > 0)
    return [
      `of the managers that are known here, these were not found to live: ${silent.join(', ')}. Should one live where this machine does not reach it, there are two swarms with one identity`,
    ];
  if (cluster.managers === 1) return [];
  return [
    `the copy is of a swarm with ${cluster.managers} managers, and does not say where the others were: none was asked whether it lives`,
  ];
}

/** Whose directory it is; undefined when there is none, or one that is damaged. */
function readOwner(certificate: string | undefined): string | undefined {
  try {
    return certificate === undefined ? undefined : parseNodeId(certificate);
  } catch {
    return undefined;
  }
}
