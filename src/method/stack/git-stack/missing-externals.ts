// What a stack needs that its compose files call external: there, or made from the sealed secrets, or a reason not to begin.
import type { Docker } from '../../../lab/engine/connect.ts';
import { finding, reasonOf } from '../../../support/errors.ts';
import type { Swarm } from '../../../swarm/swarm.ts';
import { unsealSecrets, type SealedSecrets } from '../sealed-secrets.ts';
import { readSwarmObjects, type SecretOrConfig } from '../service-export/swarm-objects.ts';
import type { StackRecord } from './record.ts';

export interface Needs {
  /** Secrets that the swarm hasn't got, with their values where they have one of their own. */
  readonly missing: readonly {
    readonly spec: SecretOrConfig['Spec'];
    readonly value: Uint8Array | undefined;
  }[];
}

/** @throws DrillError `needs-missing`, before anything was created, with all that is missing */
export async function findMissingSecrets(
  record: StackRecord,
  swarm: Swarm,
  secrets: SealedSecrets,
): Promise<Needs> {
  const here = await readSwarmObjects(swarm);
  const names = (held: readonly SecretOrConfig[]): Set<string> => new Set(held.map(({ Spec }) => Spec.Name));
  const [configs, standing] = [names(here.configs), names(here.secrets)];
  const networks = new Set(here.networks.map(({ Name }) => Name));
  const missing = record.secrets.filter(({ Name }) => !standing.has(Name));
  const values = missing.some(({ Driver }) => !Driver)
    ? await unsealSecrets(secrets)
    : new Map<string, Uint8Array>();
  const reasons = [
    ...record.networks.filter((name) => !networks.has(name)).map((name) => `there is no network ${name}`),
    ...record.configs.filter((name) => !configs.has(name)).map((name) => `there is no config ${name}`),
    ...missing
      .filter(({ Name, Driver }) => !Driver && !values.get(Name)?.length)
      .map(({ Name }) => `the secret ${Name} has no value in the sealed file`),
  ];
  if (reasons.length > 0)
    throw finding(`the stack can't be deployed here, and nothing was created: ${reasons.join('; ')}`, {
      code: 'needs-missing',
      hint: 'the compose files call these external: make them first, or seal their values',
    });
  return {
    missing: missing.map((spec) => ({ spec, value: spec.Driver ? undefined : values.get(spec.Name) })),
  };
}

/** @throws DrillError `rebuild-stopped`, with what was made until then */
export async function createMissingSecrets(docker: Docker, { missing }: Needs): Promise<void> {
  const made: string[] = [];
  for (const { spec, value } of missing) {
    const Data = value ? { Data: Buffer.from(value).toString('base64') } : {};
    await docker.createSecret({ ...spec, ...Data }).catch((cause: unknown) => {
      throw finding(`the secret ${spec.Name} could not be made: ${reasonOf(cause)}`, {
        code: 'rebuild-stopped',
        output: `made until then: ${made.join(', ') || 'nothing'}`,
        cause,
      });
    });
    made.push(`secret ${spec.Name}`);
  }
}
