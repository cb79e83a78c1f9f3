// Joining nodes, and members whose node is lost.
import type { SwarmInit } from '../lab/engine/api.ts';
import type { Engine } from '../lab/engine/engine.ts';
import { EngineError, isNotFound } from '../lab/engine/errors.ts';
import { monotonic, type Seconds, seconds } from '../support/clock.ts';
import { waitUntil } from '../support/poll.ts';
import { step, typed } from '../support/trace.ts';
import type { Node } from './node/node.ts';

/** At which managers answer each other and the other nodes. */
export const SWARM_PORT = 2377;
const LISTEN_ADDRESS = `0.0.0.0:${SWARM_PORT}`;

/** Where a swarm takes the subnets of its overlay networks from. */
export interface AddressPool {
  /** E.g. `10.77.0.0/16`. */
  readonly pools: readonly string[];
  /** Length of the mask of each subnet, e.g. 24. */
  readonly subnetSize: number;
}

/** Makes `node` the first manager of a new swarm. @param pool default: Docker's own, 10.0.0.0/8 in subnets of size 24 */
export const initialiseSwarm = ({ engine, address }: Node, pool?: AddressPool): Promise<void> =>
  engine.swarm.init({
    ListenAddr: LISTEN_ADDRESS,
    AdvertiseAddr: address,
    ...(pool && { DefaultAddrPool: pool.pools, SubnetSize: pool.subnetSize }),
  });

/**
 * Makes a manager that has swarm state the only one of its swarm. It may lead only some time later: wait for that.
 * @param settings of the swarm, as they are in raft. Default: none, so each is set back to its default
 * @throws EngineError if the engine refuses; what it starts then ends, too
 */
export const forceNewCluster = ({ engine, address }: Node, settings?: SwarmInit['Spec']): Promise<void> =>
  forceInitialisation(engine, {
    ListenAddr: LISTEN_ADDRESS,
    AdvertiseAddr: address,
    ...(settings && { Spec: settings }),
  });

/**
 * After the new cluster is started, the engine gives its leader 5 s to accept the request's specification (`initClusterSpec` in moby's
 * daemon/cluster/swarm.go). An election may take longer: the engine then reports one of these, and the manager goes on without the
 * specification of the request, with that in raft.
 */
const NO_LEADER_YET = /context deadline exceeded|The swarm does not have a leader/;

/** Forces a new cluster as `forceNewCluster` does. @param request its specification may stay without effect: it must be that in raft */
export async function forceInitialisation(engine: Engine, request: SwarmInit): Promise<void> {
  try {
    await engine.swarm.init({ ...request, ForceNewCluster: true });
  } catch (error) {
    if (!(error instanceof EngineError && NO_LEADER_YET.test(error.message))) throw error;
  }
}

/** What an operator types to make a manager the only one of its swarm. @param address host, or host and port */
export const forceCommand = (address: string): string =>
  `docker swarm init --force-new-cluster --advertise-addr ${address}`;

/** Joins running nodes in their roles. @param availability `drain`: they get no tasks before `activateNodes` */
export async function joinNodes(
  manager: Node,
  nodes: readonly Node[],
  availability: 'active' | 'drain' = 'active',
): Promise<void> {
  const { JoinTokens } = await manager.engine.swarm.inspect();
  const join = (node: Node, token: string): Promise<void> =>
    step(
      `${node.name} joins`,
      () =>
        node.engine.swarm.join({
          ListenAddr: LISTEN_ADDRESS,
          AdvertiseAddr: node.address,
          RemoteAddrs: [`${manager.address}:${SWARM_PORT}`],
          JoinToken: token,
          Availability: availability,
        }),
      typed(
        node,
        `docker swarm join --token <${node.role} token>${availability === 'drain' ? ' --availability drain' : ''} ${manager.address}:${SWARM_PORT}`,
      ),
    );
  // One manager after the other: raft changes its members one at a time, and two at once can lose the race.
  const joinManagers = async (): Promise<void> => {
    for (const node of nodes.filter(({ role }) => role === 'manager')) await join(node, JoinTokens.Manager);
  };
  const workers = nodes.filter(({ role }) => role === 'worker');
  await Promise.all([joinManagers(), ...workers.map((node) => join(node, JoinTokens.Worker))]);
}

/** How long a node may take to know its peers. It is activated after that in any case: its tasks only start later. */
const PEERS_LIMIT = seconds(10);

/**
 * Activates nodes that joined drained, when their ingress network knows all nodes of the swarm. A task that is placed earlier brings
 * its own network at the same time: both networks then exchange their addresses with the same peer, one answer is lost, and the
 * task waits 20 to 30 s ("Bulk sync to node … timed out", https://github.com/moby/moby/issues/47396).
 * @param addresses of all nodes of the swarm
 */
export async function activateNodes(
  manager: Node,
  nodes: readonly Node[],
  addresses: readonly string[],
  limit = PEERS_LIMIT,
): Promise<void> {
  await Promise.all(
    nodes.map(async (node) => {
      await waitForPeers(node, addresses, limit);
      const id = (await node.engine.info()).Swarm.NodeID;
      await step(
        `activate ${node.name}`,
        () =>
          waitUntil(`the activation of ${node.name}`, async () => {
            const { Version, Spec } = await manager.engine.nodes.inspect(id);
            await manager.engine.nodes.update(id, Version, { ...Spec, Availability: 'active' });
            return { done: true };
          }),
        typed(manager, `docker node update --availability active ${id}`),
      );
    }),
  );
}

async function waitForPeers(node: Node, addresses: readonly string[], limit: Seconds): Promise<void> {
  const deadline = monotonic() + limit;
  await waitUntil(`the ingress network of ${node.name}`, async () => {
    const ingress = await node.engine.networks.inspect('ingress').catch((error: unknown) => {
      if (!isNotFound(error)) throw error;
    });
    const known = (ingress?.Peers ?? []).map(({ IP }) => IP);
    const unknown = addresses.filter((address) => !known.includes(address));
    return unknown.length === 0 || monotonic() > deadline
      ? { done: true }
      : { notYet: `it does not know ${unknown.join(', ')} yet` };
  });
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
