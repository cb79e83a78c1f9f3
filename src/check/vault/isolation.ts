// Whether the vault shares anything with the swarm, and whether it is still the vault from before the disaster.
import { connect } from '../../lab/engine/connect.ts';
import type { Check, Observation } from '../../model/check.ts';
import type { Swarm } from '../../swarm/swarm.ts';
import { containerParts, type ContainerParts } from '../../vault/host/host.ts';
import type { Vault } from '../../vault/vault.ts';

/** The containers, volumes and networks of swarm and vault, while both exist. */
interface RecordedParts {
  readonly swarm: readonly (ContainerParts & { readonly name: string })[];
  readonly vault: readonly ContainerParts[];
}

/**
 * Records what swarm and vault consist of now. The check compares every container, volume and network of the swarm with the vault's,
 * and the vault of now with that of later.
 */
export async function vaultIsolatedFromSwarm(vault: Vault, swarm: Swarm): Promise<Check> {
  const recorded = await recordTopology(vault, swarm);
  return {
    name: 'vault isolated from the swarm',
    required: true,
    covers: [],
    doesNotProve:
      'that the vault outlives the machine that the lab runs on: in production it is at another site',
    observe: () => isIsolated(vault, recorded),
  };
}

async function recordTopology(vault: Vault, swarm: Swarm): Promise<RecordedParts> {
  const engine = connect(swarm.site.lab.host);
  const [nodes, own] = await Promise.all([
    Promise.all(swarm.nodes.map(async ({ name, id }) => ({ name, ...(await containerParts(engine, id)) }))),
    vault.parts(),
  ]);
  return { swarm: nodes, vault: own };
}

async function isIsolated(vault: Vault, { swarm, vault: then }: RecordedParts): Promise<Observation> {
  const [now, gateway] = await Promise.all([vault.parts(), vault.host.gatewayParts()]);
  const own = (kind: 'volumes' | 'networks') => new Set(then.flatMap((parts) => parts[kind]));
  const [ownVolumes, ownNetworks] = [own('volumes'), own('networks')];
  const differences = swarm.flatMap(({ name, container, volumes, networks }) => [
    ...(then.some((host) => host.container === container) ? [`${name}: its container is the vault's`] : []),
    ...volumes
      .filter((one) => ownVolumes.has(one))
      .map((one) => `${name}: shares the volume ${one} with the vault`),
    ...networks
      .filter((one) => ownNetworks.has(one))
      .map((one) => `${name}: shares the network ${one} with the vault`),
  ]);
  const isSame = ({ container, startedAt }: ContainerParts, host?: ContainerParts): boolean =>
    container === host?.container && startedAt === host.startedAt;
  if (!then.every((host, index) => isSame(host, now[index])))
    differences.push('vault: created or started again since the backup');
  // The gateway is on both networks, which is its purpose; what passes through it must not stay in it.
  differences.push(...gateway.volumes.map((one) => `gateway: has the volume ${one}`));
  const compared = swarm.reduce(
    (sum, { volumes, networks }) => sum + 1 + volumes.length + networks.length,
    2,
  );
  return {
    compared,
    differences,
    detail:
      `${compared} containers, volumes and networks compared; the vault has run since ${then[0]?.startedAt}; ` +
      `the gateway between swarm and vault has ${gateway.volumes.length} volumes`,
  };
}
