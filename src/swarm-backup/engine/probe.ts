// What an engine says of its swarm, in the words that backup and restore need.
import type { Member } from '../../lab/engine/api.ts';
import type { Engine } from '../../lab/engine/engine.ts';
import { type Blame, DrillError, finding, reasonOf } from '../../support/errors.ts';
import { waitUntil } from '../../support/poll.ts';
import { digest } from '../../swarm/inventory.ts';
import { unreachableReason } from '../../lab/engine/connect.ts';
import { ENGINE_LIMIT, type Manager } from './manager.ts';
import type { Named, Objects } from '../file/manifest.ts';

/** `silent`: no engine answers. `none`: there is no swarm. `worker`, `manager`: of one that is up. */
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

/** @throws DrillError `no-answer` of an engine that greets, and then says nothing */
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
  // A manager without a quorum says that it is active, and then can't name its cluster or its members.
  if (!Cluster?.ID) return { state: 'pending', reason: Swarm.Error || 'it does not reach its cluster' };
  try {
    return {
      state: 'manager',
      engine: ServerVersion,
      nodeId: Swarm.NodeID,
      clusterId: Cluster.ID,
      caDigest: digest(Cluster.TLSInfo.TrustRoot),
      members: await engine.nodes.list(),
    };
  } catch (error) {
    return { state: 'pending', reason: reasonOf(error) };
  }
}

/** Waits until the machine is the manager `nodeId` again: reachable, ready, and led. @param blame whose fault it is if not */
export async function waitUntilManaging(
  manager: Manager,
  nodeId: string,
  blame: Blame = 'harness',
): Promise<ManagerProbe> {
  return waitUntil(
    `${manager.name} to be a manager`,
    async () => {
      const seen = await probeSwarm(manager.engine);
      if (seen.state === 'locked' || seen.state === 'error' || seen.state === 'none')
        return { giveUp: seen.state === 'none' ? 'there is no swarm' : seen.reason };
      if (seen.state === 'worker') return { notYet: 'it is a worker' };
      if (seen.state !== 'manager') return { notYet: seen.reason };
      const self = seen.members.find(({ ID }) => ID === nodeId);
      if (!self) return { giveUp: `the swarm has no node ${nodeId}` };
      const led = seen.members.some(({ ManagerStatus }) => ManagerStatus?.Leader);
      if (!led) return { notYet: 'there is no leader' };
      return self.Status.State === 'ready' && self.ManagerStatus?.Reachability === 'reachable'
        ? { done: seen }
        : { notYet: `its node is ${self.Status.State}, ${self.ManagerStatus?.Reachability ?? 'no manager'}` };
    },
    { limit: ENGINE_LIMIT, blame },
  );
}

/** Ids and names of what raft holds. @throws DrillError `no-answer` */
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

/** Unlocks an engine that has just started. @throws DrillError `wrong-unlock-key`, `unlock` */
export async function unlockSwarm({ engine, name }: Manager, key: string): Promise<void> {
  await waitUntil(
    `${name} to ask for its unlock key`,
    async () => {
      const seen = await probeSwarm(engine);
      if (seen.state === 'locked') return { done: true };
      return seen.state === 'none' || seen.state === 'error'
        ? { giveUp: seen.state === 'none' ? 'there is no swarm' : seen.reason }
        : { notYet: `it is ${seen.state}` };
    },
    { limit: ENGINE_LIMIT },
  );
  await engine
    .withLimit(ENGINE_LIMIT)
    .swarm.unlock(key)
    .catch((cause: unknown) => {
      throw reasonOf(cause).includes('invalid key')
        ? finding('the unlock key does not open the swarm', { code: 'wrong-unlock-key' })
        : new DrillError(`the swarm could not be unlocked: ${reasonOf(cause)}`, { code: 'unlock', cause });
    });
}
