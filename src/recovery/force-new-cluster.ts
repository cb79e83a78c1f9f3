// The quorum is lost: one surviving manager becomes the only one (https://docs.docker.com/engine/swarm/admin_guide/#recover-from-losing-the-quorum).
import type { SwarmInit } from '../lab/engine/api.ts';
import { seconds } from '../support/clock.ts';
import { DrillError, finding, usage } from '../support/errors.ts';
import { waitUntil } from '../support/poll.ts';
import { step, typed } from '../support/trace.ts';
import { forceCommand, forceNewCluster as forceOn, SWARM_PORT } from '../swarm/membership.ts';
import type { Node } from '../swarm/node/node.ts';
import { probePeers, type Prober, readClusterId } from '../swarm/peers.ts';
import type { Swarm } from '../swarm/swarm.ts';

/** Raft's election time-out is 10 to 20 s, and a forced start may wait for two of them. */
const LEADER_LIMIT = seconds(60);
/** How long an engine may take to stop whose manager does not end. */
const STOP_GRACE = seconds(20);

/** Options of `forceNewCluster`. */
export interface ForceOptions {
  /** The manager, or its name. Default: the first that is left. */
  readonly on?: Node | string;
  /**
   * The settings of the swarm from before the failure, as the engine reports them (`GET /swarm`, `Spec`). Default: none, as with the
   * docker CLI, which sets every setting back to its default. In a swarm whose root certificate was ever rotated, that begins another
   * rotation (docs/swarm-facts.md). A manager without a quorum can't report its settings: keep them with each backup.
   */
  readonly settings?: SwarmInit['Spec'];
}

/**
 * Makes one manager of a swarm without a quorum the only manager. Services, secrets, tokens and workers stay; the lost managers stay in
 * the list of nodes until `replaceLostNodes` removes them. One manager is not highly available: replace the others next.
 *
 * An engine first ends its own manager, and gives up after 15 s (`nodeRunner.Stop` in moby's daemon/cluster): one that lost its quorum a
 * moment ago may not end. Then nothing leads, so the engine is restarted (https://github.com/moby/moby/issues/34384), with its tasks.
 * @throws DrillError `others-alive` before anything is changed if another manager still answers, as with a cut network: both sides
 * would go on as the same cluster; `not-the-same` if the node or the cluster has another id then
 */
export async function forceNewCluster(swarm: Swarm, { on, settings }: ForceOptions = {}): Promise<Swarm> {
  const node = (typeof on === 'string' ? swarm.node(on) : on) ?? swarm.managers[0];
  if (!node)
    throw usage(
      'forceNewCluster: expected a surviving manager, got none',
      'Restore the backup of swarm state if every manager is lost.',
    );
  const info = (await node.engine.info()).Swarm;
  const before = await clusterIdOf(node);
  const others = (info.RemoteManagers ?? [])
    .map(({ Addr }) => Addr)
    .filter((address) => !address.startsWith(`${node.address}:`));
  await step('look for other managers', () => requireSilent(node, others, before));
  const cluster = await forceOrRestart({ swarm, node, id: info.NodeID, settings });
  if (cluster !== before)
    throw finding(`expected the cluster ${before}, ${node.name} is now in ${cluster}`, {
      code: 'not-the-same',
    });
  return swarm;
}

interface Forcing {
  readonly swarm: Swarm;
  readonly node: Node;
  /** The node's id in the swarm. */
  readonly id: string;
  readonly settings: SwarmInit['Spec'] | undefined;
}

/** @returns the id of the cluster that it leads */
async function forceOrRestart({ swarm, node, id, settings }: Forcing): Promise<string> {
  try {
    return await forceAndLead(node, id, settings);
  } catch (error) {
    if (!(error instanceof DrillError && error.code === 'wait-timeout')) throw error;
  }
  const restarted = await step(
    `restart the engine of ${node.name}, whose manager does not lead`,
    async () => (await node.stop(STOP_GRACE)).start(),
    typed(node, 'systemctl restart docker'),
  );
  swarm.replace(restarted);
  return forceAndLead(restarted, id, settings);
}

async function forceAndLead(node: Node, id: string, settings: SwarmInit['Spec']): Promise<string> {
  await step('force a new cluster', () => forceOn(node, settings), typed(node, forceCommand(node.address)));
  return step('wait for the manager', () => waitForLead(node, id));
}

/** A manager that lost its quorum can't say what its cluster is, but its certificate does. */
const clusterIdOf = (node: Node): Promise<string> =>
  readClusterId(proberOf(node), `${node.address}:${SWARM_PORT}`);

const proberOf = (node: Node): Prober => ({ dial: (address, port) => node.dial(port, address) });

async function requireSilent(node: Node, addresses: readonly string[], cluster: string): Promise<void> {
  const peers = addresses.map((address) => ({ id: '', address }));
  const alive = (await probePeers(proberOf(node), peers, cluster)).filter((peer) => peer.alive);
  if (alive.length > 0)
    throw finding(
      `other managers of this swarm answer at ${alive.map(({ address }) => address).join(', ')}`,
      {
        code: 'others-alive',
        hint: 'Stop their engines first, or restore the quorum with them: two forced managers are two swarms with one identity.',
      },
    );
}

/** Waits until it leads and accepts a write. @returns the id of the cluster */
async function waitForLead(node: Node, id: string): Promise<string> {
  const { engine } = node;
  return waitUntil(
    `${node.name} to lead`,
    async () => {
      const self = (await engine.nodes.list()).find(({ ID }) => ID === id);
      if (!self) return { giveUp: `its node ${id} is not in the new cluster` };
      const { Leader, Reachability } = self.ManagerStatus ?? {};
      if (!Leader || Reachability !== 'reachable')
        return { notYet: `it is a manager that is ${Reachability ?? 'unknown'}` };
      // A read may be answered from memory; this change of nothing is a write to raft.
      await engine.nodes.update(self.ID, self.Version, self.Spec);
      return { done: (await engine.swarm.inspect()).ID };
    },
    { limit: LEADER_LIMIT, blame: 'finding' },
  );
}
