// Everything that would stop a deployment half-way, or let it succeed without what it needs, is looked for before anything is created.
import type { NetworkSpec, SecretOrConfig, SecretOrConfigSpec } from '../../../lab/engine/api.ts';
import type { Engine } from '../../../lab/engine/engine.ts';
import { finding, reasonOf } from '../../../support/errors.ts';
import type { Swarm } from '../../../swarm/swarm.ts';
import { findUnknownNodes } from '../node-constraints.ts';
import { unsealSecrets, type SealedSecrets } from '../sealed-secrets.ts';
import { readSwarmObjects, type SwarmObjects } from '../swarm-objects.ts';
import { STACK_LABEL } from '../../../swarm/service/service-spec.ts';
import { findTakenNetworks, readLocalNetworks } from '../taken-networks.ts';
import { findMissingVolumes, findOtherVolumes, readVolumes } from '../volumes.ts';
import { configChanges, networkChanges } from './changes.ts';
import type { DesiredStack } from './deployed.ts';
import { desiredByRecord, type StackRecord } from './record.ts';

/** A secret that the swarm does not have; without a value when a secret driver provides it. */
export interface MissingSecret {
  readonly spec: SecretOrConfigSpec;
  readonly value: Uint8Array | undefined;
}

/**
 * Returns the external secrets that have to be created.
 * @throws DrillError `not-deployable`, which lists everything that is wrong; nothing was created
 */
export async function runPreflight(
  record: StackRecord,
  swarm: Swarm,
  stack: string,
  sealed: SealedSecrets,
): Promise<readonly MissingSecret[]> {
  const current = await readSwarmObjects(swarm);
  const desired = desiredByRecord(record);
  const services = [...desired.services.values()];
  const volumes = await readVolumes(swarm);
  const secretNames = namesOf(current.secrets);
  const missing = record.external.secrets.filter(({ Name }) => !secretNames.has(Name));
  const values = missing.some(({ Driver }) => !Driver)
    ? await unsealSecrets(sealed)
    : new Map<string, Uint8Array>();
  const networks = missingNetworks(desired, current);
  const reasons = [
    ...missingExternals(record, current),
    ...missing
      .filter(({ Name, Driver }) => !Driver && !values.get(Name)?.length)
      .map(({ Name }) => `no value for secret ${Name} in the sealed file`),
    ...findMissingVolumes(record.external.volumes, volumes).map((name) => `no volume ${name} on any node`),
    ...findOtherVolumes(services, volumes),
    ...findTakenNetworks(networks, current.networks, await readLocalNetworks(swarm)),
    ...findConflicts(desired, current, stack),
    ...findUnknownNodes(services, record.nodeIds, current.nodes),
  ];
  if (reasons.length > 0)
    throw finding(`cannot deploy the stack (nothing was created): ${reasons.join('; ')}`, {
      code: 'not-deployable',
      hint: 'Create external objects, seal the values of secrets, and remove or rename what is in the way.',
    });
  return missing.map((spec) => ({ spec, value: spec.Driver ? undefined : values.get(spec.Name) }));
}

const namesOf = (objects: readonly SecretOrConfig[]): Set<string> =>
  new Set(objects.map(({ Spec }) => Spec.Name));

function missingExternals({ external }: StackRecord, current: SwarmObjects): string[] {
  const configs = namesOf(current.configs);
  const networks = new Set(current.networks.map(({ Name }) => Name));
  return [
    ...external.networks.filter((name) => !networks.has(name)).map((name) => `no network ${name}`),
    ...external.configs.filter((name) => !configs.has(name)).map((name) => `no config ${name}`),
  ];
}

const missingNetworks = ({ networks }: DesiredStack, current: SwarmObjects): NetworkSpec[] =>
  networks.filter(({ Name }) => !current.networks.some((one) => one.Name === Name));

/** The CLI uses an existing network of the stack as it is, and stops at one of another stack or at other bytes of a config. */
function findConflicts(desired: DesiredStack, current: SwarmObjects, stack: string): string[] {
  const there = new Map(current.networks.map((network) => [network.Name, network]));
  const foreign = desired.networks.filter(({ Name }) => {
    const found = there.get(Name);
    return found && found.Labels?.[STACK_LABEL] !== stack;
  });
  const own = desired.networks.filter((network) => there.has(network.Name) && !foreign.includes(network));
  const configs = namesOf(current.configs);
  return [
    ...foreign.map(({ Name }) => `network ${Name} exists and is not of the stack ${stack}`),
    ...networkChanges(current.networks, own),
    ...configChanges(
      current.configs,
      desired.configs.filter(({ Name }) => configs.has(Name)),
    ),
  ];
}

/** @throws DrillError `rebuild-stopped`, with the secrets that were created before */
export async function createMissingSecrets(engine: Engine, missing: readonly MissingSecret[]): Promise<void> {
  const created: string[] = [];
  for (const { spec, value } of missing) {
    const Data = value ? { Data: Buffer.from(value).toString('base64') } : {};
    await engine.secrets.create({ ...spec, ...Data }).catch((cause: unknown) => {
      throw finding(`cannot create secret ${spec.Name}: ${reasonOf(cause)}`, {
        code: 'rebuild-stopped',
        output: `created before: ${created.join(', ') || 'nothing'}`,
        cause,
      });
    });
    created.push(`secret ${spec.Name}`);
  }
}
