// Makes sure that a restore does not create a second swarm next to a running one: probes every manager it knows of.
import { finding } from '../../support/errors.ts';
import type { Manager } from '../engine/manager.ts';
import type { Manifest } from '../file/manifest.ts';
import { KNOWN_MANAGERS, NODE_CERTIFICATE, parseNodeId } from '../file/node-key.ts';
import { probePeers, type Peer, parsePeers } from '../../swarm/peers.ts';

export const STOP_OTHERS =
  'Stop the engines of the other managers first. If that swarm works, let this manager leave and join again instead.';

/**
 * Probes every manager that the file or the directory here names. Asking this engine is not enough: locked, without a quorum or
 * stopped it lists no managers, and on a new disk it never knew them.
 * @param known the `state.json` of the file
 * @returns warnings about what could not be proven. @throws DrillError `others-alive`
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
  const alive = found.filter((one) => one.alive && isOther(one));
  if (alive.length > 0)
    throw finding(
      `other managers of the swarm run (${alive.map(nameOf).toSorted().join(', ')}): a restore would make two swarms with one identity`,
      { code: 'others-alive', hint: STOP_OTHERS },
    );
  const silent = found.flatMap((one) => (one.alive ? [] : [`${nameOf(one)} (${one.reason})`]));
  if (silent.length > 0)
    return [
      `these managers did not answer: ${silent.join(', ')}. If one of them runs where this machine can't reach it, there are now two swarms with one identity`,
    ];
  if (cluster.managers === 1) return [];
  return [
    `the backup is of a swarm with ${cluster.managers} managers and does not contain the addresses of the others: none was probed`,
  ];
}

/** The node that a directory belongs to; undefined when its certificate is missing or damaged. */
function readOwner(certificate: string | undefined): string | undefined {
  try {
    return certificate === undefined ? undefined : parseNodeId(certificate);
  } catch {
    return undefined;
  }
}
