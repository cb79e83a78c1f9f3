// What an engine says of its swarm, in the words that backup and restore need.
import type { Docker } from '../../lab/engine/connect.ts';
import { type Blame, DrillError, finding, reasonOf } from '../../support/errors.ts';
import { waitUntil } from '../../support/poll.ts';
import { digest } from '../../swarm/inventory.ts';
import type { Member } from '../../swarm/swarm.ts';
import { requestEngine, unreachableReason } from './ask.ts';
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

interface Info {
  readonly ServerVersion: string;
  readonly Swarm: {
    readonly LocalNodeState: string;
    readonly ControlAvailable: boolean;
    readonly Error: string;
    readonly NodeID: string;
    readonly RemoteManagers: readonly { readonly Addr: string }[] | null;
    readonly Cluster?: { readonly ID: string; readonly TLSInfo: { readonly TrustRoot: string } };
  };
}

/** @throws DrillError `no-answer` of an engine that greets, and then says nothing */
export async function probeSwarm(docker: Docker): Promise<SwarmProbe> {
  const reason = await unreachableReason(docker);
  if (reason !== undefined) return { state: 'silent', reason };
  const { Swarm, ServerVersion } = await requestEngine<Info>(docker, { method: 'GET', path: '/info' });
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
      members: await requestEngine<Member[]>(docker, { method: 'GET', path: '/nodes' }),
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
      const seen = await probeSwarm(manager.docker);
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

interface Listed {
  readonly ID?: string;
  readonly Id?: string;
  readonly Name?: string;
  readonly Spec?: { readonly Name?: string };
  readonly Description?: { readonly Hostname?: string };
}

/** Ids and names of what raft holds. @throws DrillError `no-answer` */
export async function listObjects(docker: Docker): Promise<Objects> {
  const named = async (path: string, query?: object): Promise<Named[]> =>
    (await requestEngine<Listed[]>(docker, { method: 'GET', path, ...(query && { query }) })).map((one) => ({
      id: one.ID ?? one.Id ?? '',
      name: one.Description?.Hostname ?? one.Spec?.Name ?? one.Name ?? '',
    }));
  const [nodes, services, networks, secrets, configs] = await Promise.all([
    named('/nodes'),
    named('/services'),
    named('/networks', { filters: { scope: ['swarm'] } }),
    named('/secrets'),
    named('/configs'),
  ]);
  return { nodes, services, networks, secrets, configs };
}

/** Unlocks an engine that has just started. @throws DrillError `wrong-unlock-key`, `unlock` */
export async function unlockSwarm({ docker, name }: Manager, key: string): Promise<void> {
  await waitUntil(
    `${name} to ask for its unlock key`,
    async () => {
      const seen = await probeSwarm(docker);
      if (seen.state === 'locked') return { done: true };
      return seen.state === 'none' || seen.state === 'error'
        ? { giveUp: seen.state === 'none' ? 'there is no swarm' : seen.reason }
        : { notYet: `it is ${seen.state}` };
    },
    { limit: ENGINE_LIMIT },
  );
  const question = { method: 'POST', path: '/swarm/unlock', body: { UnlockKey: key } } as const;
  await requestEngine(docker, question, ENGINE_LIMIT).catch((cause: unknown) => {
    throw reasonOf(cause).includes('invalid key')
      ? finding('the unlock key does not open the swarm', { code: 'wrong-unlock-key' })
      : new DrillError(`the swarm could not be unlocked: ${reasonOf(cause)}`, { code: 'unlock', cause });
  });
}
