// Describes a swarm for the manifest of its backup: first from the running engine, then from the copied directory.
import { randomBytes } from 'node:crypto';
import { utcNow } from '../support/clock.ts';
import { finding } from '../support/errors.ts';
import { hostOf } from '../swarm/peers.ts';
import { managersOf } from '../swarm/quorum.ts';
import type { DirectorySurvey } from './file/entries.ts';
import { requireUnlockKey } from './preflight/backup.ts';
import { type ManagerProbe, listObjects } from './engine/probe.ts';
import type { Manager } from './engine/manager.ts';
import { FORMAT, type Manifest, missingParts, VERSION } from './file/manifest.ts';
import { ENGINE_STATE, isKeyEncrypted, NODE_KEY } from './file/node-key.ts';

export interface SwarmDescription extends Omit<Manifest, 'init' | 'files' | 'cluster'> {
  readonly cluster: Omit<Manifest['cluster'], 'autolock'>;
  readonly init: Omit<Manifest['init'], 'ListenAddr' | 'DataPathAddr'>;
}

/** Collects what only a running engine knows. @param tool name and version of this program */
export async function describeSwarm(
  manager: Manager,
  probe: ManagerProbe,
  tool: string,
): Promise<SwarmDescription> {
  const { engine } = manager;
  const self = probe.members.find(({ ID }) => ID === probe.nodeId);
  // Not from docker-state.json: it is empty on a manager that joined without an address option.
  const memberAddress = self?.ManagerStatus?.Addr ?? '';
  const address = hostOf(memberAddress);
  const cluster = await engine.swarm.inspect();
  return {
    format: FORMAT,
    version: VERSION,
    id: randomBytes(16).toString('hex'),
    createdAt: utcNow(),
    tool,
    engine: probe.engine,
    cluster: {
      id: probe.clusterId,
      caDigest: probe.caDigest,
      managers: managersOf(probe.members).length,
    },
    node: {
      id: probe.nodeId,
      name: self?.Description.Hostname ?? '',
      address,
      addressIsOwn: (await manager.addresses()).includes(address),
    },
    init: {
      AdvertiseAddr: memberAddress,
      DataPathPort: cluster.DataPathPort,
      DefaultAddrPool: [...(cluster.DefaultAddrPool ?? [])],
      SubnetSize: cluster.SubnetSize,
      Spec: cluster.Spec,
    },
    // Last, so that as little as possible changes between this and the copy.
    objects: await listObjects(engine),
  };
}

/** Adds what the copied directory shows. @throws DrillError `incomplete`, `no-unlock-key`, `wrong-unlock-key` */
export function completeManifest(
  facts: SwarmDescription,
  { files, small }: DirectorySurvey,
  unlockKey: string | undefined,
): Manifest {
  const missing = missingParts(files);
  if (missing.length > 0)
    throw finding(`the swarm directory is incomplete: ${missing.join(', ')} missing`, {
      code: 'incomplete',
      hint: "Check that --data-root is the engine's, or back up another manager.",
    });
  const text = (path: string): string => small.get(path)?.toString('utf8') ?? '';
  requireUnlockKey(text(NODE_KEY), unlockKey);
  const { ListenAddr, DataPathAddr } = JSON.parse(text(ENGINE_STATE)) as Record<string, string | undefined>;
  return {
    ...facts,
    cluster: { ...facts.cluster, autolock: isKeyEncrypted(text(NODE_KEY)) },
    init: { ...facts.init, ListenAddr: ListenAddr ?? '', DataPathAddr: DataPathAddr ?? '' },
    files: [...files],
  };
}
