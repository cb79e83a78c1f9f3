// The record next to the bundle: what each service of the stack asks for, and what the stack needs that no repository holds.
import { createHash } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import type { ArtifactReader } from '../../../model/method.ts';
import { toStableText } from '../../../swarm/differences.ts';
import { finding } from '../../../support/errors.ts';
import { isPredefined } from '../../../swarm/network-spec.ts';
import { toComparableSpec } from '../../../swarm/service-spec.ts';
import { SecretSpecSchema } from '../swarm-objects.ts';
import { desiredServices, type DeployedStack, type ServicesByName } from './deployed.ts';
import type { DryRun } from './dry-run.ts';

const StackRecord = z.object({
  /** By name, what each service asks for. */
  services: z.record(z.string(), z.unknown()),
  /** External secrets, without their values. */
  secrets: z.array(SecretSpecSchema),
  /** Names of external configs. */
  configs: z.array(z.string()),
  /** Names of external networks. */
  networks: z.array(z.string()),
});
export type StackRecord = z.infer<typeof StackRecord>;

export const sha256 = (value: string): string => createHash('sha256').update(value).digest('hex');

/** Returns one SHA-256 over what all services ask for. */
export const hashServices = (services: StackRecord['services']): string => sha256(toStableText(services));

export const toComparableServices = (services: ServicesByName): StackRecord['services'] =>
  Object.fromEntries([...services].map(([name, spec]) => [name, toComparableSpec(spec)]));

export function createStackRecord(deployed: DeployedStack, dryRun: DryRun): StackRecord {
  const { networks, secrets } = deployed.objects;
  const desired = desiredServices(dryRun, deployed);
  const templates = [...desired.values()].map(({ TaskTemplate }) => TaskTemplate);
  const external = (used: readonly string[], own: readonly { readonly Name: string }[]): string[] =>
    [...new Set(used)].filter((name) => !own.some(({ Name }) => Name === name)).sort();
  const externalSecrets = external(
    templates.flatMap(({ ContainerSpec }) => ContainerSpec?.Secrets ?? []).map(({ SecretID }) => SecretID),
    dryRun.secrets,
  );
  return {
    services: toComparableServices(desired),
    secrets: secrets.map(({ Spec }) => Spec).filter(({ Name }) => externalSecrets.includes(Name)),
    configs: external(
      templates.flatMap(({ ContainerSpec }) => ContainerSpec?.Configs ?? []).map(({ ConfigID }) => ConfigID),
      dryRun.configs,
    ),
    networks: external(
      templates.flatMap(({ Networks = [] }) => Networks).map(({ Target }) => Target),
      [...dryRun.networks, ...networks.filter(isPredefined)],
    ),
  };
}

/**
 * Reads the record of an artifact.
 * @param servicesHash what `hashServices` returned at the backup
 * @throws DrillError `record-damaged`
 */
export async function readStackRecord(
  artifact: Pick<ArtifactReader, 'open'>,
  servicesHash: string,
): Promise<StackRecord> {
  const damaged = (reason: string) =>
    finding(`stack.json: ${reason}`, {
      code: 'record-damaged',
      hint: 'Restore from another recovery point; nothing was created from this one.',
    });
  const json = await text(artifact.open('stack.json'));
  const record = StackRecord.safeParse(parseJson(json));
  if (!record.success) throw damaged('invalid record of a stack');
  if (hashServices(record.data.services) !== servicesHash)
    throw damaged('its services differ from those that were backed up');
  return record.data;
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
