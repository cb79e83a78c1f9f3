// External networks, configs and secrets of a stack: each exists, is created from the sealed secrets, or stops the restore early.
import type { SecretOrConfig, SecretOrConfigSpec } from '../../../lab/engine/api.ts';
import type { Engine } from '../../../lab/engine/engine.ts';
import { finding, reasonOf } from '../../../support/errors.ts';
import type { Swarm } from '../../../swarm/swarm.ts';
import { unsealSecrets, type SealedSecrets } from '../sealed-secrets.ts';
import { readSwarmObjects } from '../swarm-objects.ts';
import type { StackRecord } from './record.ts';

/** A secret that the swarm does not have; without a value when a secret driver provides it. */
export interface MissingSecret {
  readonly spec: SecretOrConfigSpec;
  readonly value: Uint8Array | undefined;
}

/**
 * Returns the external secrets that have to be created.
 * @throws DrillError `externals-missing`, which lists everything that is missing; nothing was created
 */
export async function findMissingSecrets(
  record: StackRecord,
  swarm: Swarm,
  sealed: SealedSecrets,
): Promise<readonly MissingSecret[]> {
  const current = await readSwarmObjects(swarm);
  const names = (objects: readonly SecretOrConfig[]): Set<string> =>
    new Set(objects.map(({ Spec }) => Spec.Name));
  const [configs, secrets] = [names(current.configs), names(current.secrets)];
  const networks = new Set(current.networks.map(({ Name }) => Name));
  const missing = record.secrets.filter(({ Name }) => !secrets.has(Name));
  const values = missing.some(({ Driver }) => !Driver)
    ? await unsealSecrets(sealed)
    : new Map<string, Uint8Array>();
  const reasons = [
    ...record.networks.filter((name) => !networks.has(name)).map((name) => `no network ${name}`),
    ...record.configs.filter((name) => !configs.has(name)).map((name) => `no config ${name}`),
    ...missing
      .filter(({ Name, Driver }) => !Driver && !values.get(Name)?.length)
      .map(({ Name }) => `no value for secret ${Name} in the sealed file`),
  ];
  if (reasons.length > 0)
    throw finding(`cannot deploy the stack (nothing was created): ${reasons.join('; ')}`, {
      code: 'externals-missing',
      hint: 'Create these external networks and configs, or seal the values of these secrets.',
    });
  return missing.map((spec) => ({ spec, value: spec.Driver ? undefined : values.get(spec.Name) }));
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
