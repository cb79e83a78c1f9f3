// Probes an engine for its swarm: role, state, members and objects.
import type { Member } from '../../lab/engine/api.ts';
import type { Engine } from '../../lab/engine/engine.ts';
import { type Blame, DrillError, finding, reasonOf } from '../../support/errors.ts';
import { waitUntil } from '../../support/poll.ts';
import { sha256 } from '../../support/sha256.ts';
import { unreachableReason } from '../../lab/engine/connect.ts';
import { ENGINE_LIMIT, type Manager } from './manager.ts';
import type { Named, Objects } from '../file/manifest.ts';

/** `silent`: the engine does not answer. `none`: there is no swarm. `worker`, `manager`: the node's role in a working one. */
export type SwarmProbe =
  | { readonly state: 'silent' | 'locked' | 'error' | 'pending'; readonly reason: string }
  | { readonly state: 'none' }
  | { readonly state: 'worker'; readonly managers: readonly string[] }
  | ({ readonly state: 'manager' } & ManagerProbe);

export interface ManagerProbe {
  readonly engine: string;
  readonly nodeId: string;
  readonly clusterId: string;
  readonly caDigest: string;
  readonly members: readonly Member[];
}

/** @throws DrillError `no-answer` when the engine answers a ping and then hangs */
export async function probeSwarm(engine: Engine): Promise<SwarmProbe> {
  const reason = await unreachableReason(engine);
  if (reason !== undefined) return { state: 'silent', reason };
  const { Swarm, ServerVersion } = await engine.info();
  const { LocalNodeState, Cluster } = Swarm;
  if (LocalNodeState === 'inactive' || LocalNodeState === '') return { state: 'none' };
  if (LocalNodeState === 'locked' || LocalNodeState === 'error' || LocalNodeState === 'pending')
    return { state: LocalNodeState, reason: Swarm.Error || LocalNodeState };
  if (!Swarm.ControlAvailable)
    return { state: 'worker', managers: (Swarm.RemoteManagers ?? []).map(({ Addr }) => Addr) };
  // A manager without a quorum reports itself as active, but without cluster and members.
  if (!Cluster?.ID) return { state: 'pending', reason: Swarm.Error || 'it has no connection to its cluster' };
  try {
    return {
      state: 'manager',
      engine: ServerVersion,
      nodeId: Swarm.NodeID,
      clusterId: Cluster.ID,
      caDigest: sha256(Cluster.TLSInfo.TrustRoot),
      members: await engine.nodes.list(),
    };
  } catch (error) {
    return { state: 'pending', reason: reasonOf(error) };
  }
}

/** Waits until the node is the manager `nodeId` again: reachable, ready, with a leader. @param blame of the time-out */
export async function waitUntilManaging(
  manager: Manager,
  nodeId: string,
  blame: Blame = 'harness',
): Promise<ManagerProbe> {
  return waitUntil(
    `${manager.name} to be a manager`,
    async () => {
      const probe = await probeSwarm(manager.engine);
      if (probe.state === 'locked' || probe.state === 'error' || probe.state === 'none')
        return { giveUp: probe.state === 'none' ? 'there is no swarm' : probe.reason };
      if (probe.state === 'worker') return { notYet: 'it is a worker' };
      if (probe.state !== 'manager') return { notYet: probe.reason };
      const self = probe.members.find(({ ID }) => ID === nodeId);
      if (!self) return { giveUp: `the swarm has no node ${nodeId}` };
      const led = probe.members.some(({ ManagerStatus }) => ManagerStatus?.Leader);
      if (!led) return { notYet: 'there is no leader' };
      return self.Status.State === 'ready' && self.ManagerStatus?.Reachability === 'reachable'
        ? { done: probe }
        : {
            notYet: `its node is ${self.Status.State}, ${self.ManagerStatus?.Reachability ?? 'not a manager'}`,
          };
    },
    { limit: ENGINE_LIMIT, blame },
  );
}

/** Lists ids and names of the objects in raft. @throws DrillError `no-answer` */
export async function listObjects(engine: Engine): Promise<Objects> {
  const bySpec = (list: readonly { ID: string; Spec: { Name: string } }[]): Named[] =>
    list.map(({ ID, Spec }) => ({ id: ID, name: Spec.Name }));
  const [nodes, services, networks, secrets, configs] = await Promise.all([
    engine.nodes.list(),
    engine.services.list(),
    engine.networks.list({ scope: ['swarm'] }),
    engine.secrets.list(),
    engine.configs.list(),
  ]);
  return {
    nodes: nodes.map(({ ID, Description }) => ({ id: ID, name: Description.Hostname })),
    services: bySpec(services),
    networks: networks.map(({ Id, Name }) => ({ id: Id, name: Name })),
    secrets: bySpec(secrets),
    configs: bySpec(configs),
  };
}

/** Unlocks an engine that was just started. @throws DrillError `wrong-unlock-key`, `unlock` */
export async function unlockSwarm({ engine, name }: Manager, key: string): Promise<void> {
  await waitUntil(
    `${name} to ask for its unlock key`,
    async () => {
      const probe = await probeSwarm(engine);
      if (probe.state === 'locked') return { done: true };
      return probe.state === 'none' || probe.state === 'error'
        ? { giveUp: probe.state === 'none' ? 'there is no swarm' : probe.reason }
        : { notYet: `it is ${probe.state}` };
    },
    { limit: ENGINE_LIMIT },
  );
  await engine
    .withLimit(ENGINE_LIMIT)
    .swarm.unlock(key)
    .catch((cause: unknown) => {
      throw reasonOf(cause).includes('invalid key')
        ? finding('the unlock key does not unlock the swarm', { code: 'wrong-unlock-key' })
        : new DrillError(`the swarm could not be unlocked: ${reasonOf(cause)}`, { code: 'unlock', cause });
    });
}
