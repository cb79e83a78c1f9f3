// Joining nodes, and members whose node is lost.
import type { SwarmInit } from '../lab/engine/api.ts';
import type { Engine } from '../lab/engine/engine.ts';
import { step } from '../support/trace.ts';
import type { Node } from './node.ts';

const SWARM_PORT = 2377;
const LISTEN_ADDRESS = `0.0.0.0:${SWARM_PORT}`;

/** Makes `node` the first manager of a new swarm. */
export const initialiseSwarm = (
  { engine, address }: Node,
  options: Pick<SwarmInit, 'ForceNewCluster'> = {},
): Promise<void> => engine.swarm.init({ ListenAddr: LISTEN_ADDRESS, AdvertiseAddr: address, ...options });

/** Joins running nodes in their roles. */
export async function joinNodes(manager: Node, nodes: readonly Node[]): Promise<void> {
  const { JoinTokens } = await manager.engine.swarm.inspect();
  const join = (node: Node, token: string): Promise<void> =>
    step(`${node.name} joins`, () =>
      node.engine.swarm.join({
        ListenAddr: LISTEN_ADDRESS,
        AdvertiseAddr: node.address,
        RemoteAddrs: [`${manager.address}:${SWARM_PORT}`],
        JoinToken: token,
      }),
    );
  // One manager after the other: raft changes its members one at a time, and two at once can lose the race.
  const joinManagers = async (): Promise<void> => {
    for (const node of nodes.filter(({ role }) => role === 'manager')) await join(node, JoinTokens.Manager);
  };
  const workers = nodes.filter(({ role }) => role === 'worker');
  await Promise.all([joinManagers(), ...workers.map((node) => join(node, JoinTokens.Worker))]);
}

/** Returns the names of those of `nodes` that are not ready, or are managers that the others do not reach. */
export async function findUnreadyNodes(manager: Engine, nodes: readonly Node[]): Promise<string[]> {
  const ready = new Set(
    (await manager.nodes.list())
      .filter(
        ({ Status, ManagerStatus }) =>
          Status.State === 'ready' && (ManagerStatus?.Reachability ?? 'reachable') === 'reachable',
      )
      .map(({ Description }) => Description.Hostname),
  );
  return nodes.map(({ name }) => name).filter((name) => !ready.has(name));
}

/** Ids of the swarm's members that `nodes` are. A replacement has the name of the node that it replaces, but not its id. */
export async function memberIds(nodes: readonly Node[]): Promise<Set<string>> {
  const infos = await Promise.all(nodes.map(({ engine }) => engine.info()));
  return new Set(infos.map(({ Swarm }) => Swarm.NodeID));
}
