// The record next to the bundle: what the stack consists of, and what it needs that no repository holds.
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import type { ServiceSpec } from '../../../lab/engine/api.ts';
import type { ArtifactReader } from '../../../model/method.ts';
import { toStableText } from '../../../swarm/differences.ts';
import { finding } from '../../../support/errors.ts';
import { sha256 } from '../../../support/sha256.ts';
import { isPredefined } from '../../../swarm/network-spec.ts';
import { toComparableSpec } from '../../../swarm/service/service-spec.ts';
import { NamedObject, SecretSpecSchema } from '../swarm-objects.ts';
import { requiredNodeIds } from '../node-constraints.ts';
import { externalVolumesOf } from '../volumes.ts';
import { withDigest } from './changes.ts';
import type { DeployedStack, DesiredStack, ServicesByName } from './deployed.ts';
import type { DryRun } from './dry-run.ts';

const KINDS = ['services', 'networks', 'configs', 'secrets'] as const;

/** How many objects of each kind the stack consists of. */
export const StackSize = z.record(z.enum(KINDS), z.int());
export type StackSize = z.infer<typeof StackSize>;

const ContentSchema = NamedObject.extend({
  Labels: z.record(z.string(), z.string()).optional(),
  /** SHA-256 of its bytes; only of a config. */
  Digest: z.string().optional(),
});

const StackRecord = z.object({
  /** By name, what each service asks for. */
  services: z.record(z.string(), z.unknown()),
  networks: z.array(NamedObject),
  configs: z.array(ContentSchema),
  secrets: z.array(ContentSchema),
  /** What the stack uses and does not consist of. */
  external: z.object({
    /** Without their values. */
    secrets: z.array(SecretSpecSchema),
    configs: z.array(z.string()),
    networks: z.array(z.string()),
    volumes: z.array(z.string()),
  }),
  /** Ids of nodes in the constraints of services; in `services` they are host names. */
  nodeIds: z.array(z.object({ service: z.string(), id: z.string() })),
});
export type StackRecord = z.infer<typeof StackRecord>;

/** Returns one SHA-256 over what all services ask for. */
export const hashServices = (services: StackRecord['services']): string => sha256(toStableText(services));

const toComparableServices = (services: ServicesByName): StackRecord['services'] =>
  Object.fromEntries([...services].map(([name, spec]) => [name, toComparableSpec(spec)]));

export const sizeOf = ({ services, networks, configs, secrets }: StackRecord): StackSize => ({
  services: Object.keys(services).length,
  networks: networks.length,
  configs: configs.length,
  secrets: secrets.length,
});

/** Returns what the record says the stack consists of. */
export const desiredByRecord = ({ services, networks, configs, secrets }: StackRecord): DesiredStack => ({
  services: new Map(Object.entries(services as Record<string, ServiceSpec>)),
  networks: networks,
  configs,
  secrets,
});

export function createStackRecord(
  { objects }: DeployedStack,
  desired: DesiredStack,
  { services }: DryRun,
): StackRecord {
  const templates = [...desired.services.values()].map(({ TaskTemplate }) => TaskTemplate);
  const external = (used: readonly string[], own: readonly { readonly Name: string }[]): string[] =>
    [...new Set(used)].filter((name) => !own.some(({ Name }) => Name === name)).sort();
  const externalSecrets = external(
    templates.flatMap(({ ContainerSpec }) => ContainerSpec?.Secrets ?? []).map(({ SecretID }) => SecretID),
    desired.secrets,
  );
  return {
    services: toComparableServices(desired.services),
    networks: [...desired.networks],
    configs: desired.configs.map(withDigest),
    secrets: desired.secrets.map(withDigest),
    external: {
      secrets: objects.secrets.map(({ Spec }) => Spec).filter(({ Name }) => externalSecrets.includes(Name)),
      configs: external(
        templates
          .flatMap(({ ContainerSpec }) => ContainerSpec?.Configs ?? [])
          .map(({ ConfigID }) => ConfigID),
        desired.configs,
      ),
      networks: external(
        templates.flatMap(({ Networks = [] }) => Networks).map(({ Target }) => Target),
        [...desired.networks, ...objects.networks.filter(isPredefined)],
      ),
      volumes: externalVolumesOf([...desired.services.values()]),
    },
    nodeIds: requiredNodeIds(services),
  };
}

/**
 * Reads the record of an artifact.
 * @param expected what the metadata says: how large the stack is, and what `hashServices` returned at the backup
 * @throws DrillError `record-damaged`
 */
export async function readStackRecord(
  artifact: Pick<ArtifactReader, 'open'>,
  expected: { readonly services: string; readonly size: StackSize },
): Promise<StackRecord> {
  const damaged = (reason: string) =>
    finding(`stack.json: ${reason}`, {
      code: 'record-damaged',
      hint: 'Restore from another recovery point; nothing was created from this one.',
    });
  const json = await text(artifact.open('stack.json'));
  const record = StackRecord.safeParse(parseJson(json));
  if (!record.success) throw damaged('invalid record of a stack');
  const size = sizeOf(record.data);
  for (const kind of KINDS)
    if (size[kind] !== expected.size[kind])
      throw damaged(`expected ${expected.size[kind]} ${kind}, got ${size[kind]}`);
  if (hashServices(record.data.services) !== expected.services)
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
