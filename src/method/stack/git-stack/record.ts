// What is written down beside the bundle: the stack as it was asked for, and what it needs that no repository holds.
import { createHash } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import { finding } from '../../../support/errors.ts';
import { stable } from '../../../support/differences.ts';
import { comparableSpec, isPredefined } from '../../../swarm/portable.ts';
import type { ArtifactReader } from '../../../model/method.ts';
import type { SecretOrConfig } from '../service-export/swarm-objects.ts';
import { desiredServices, type DeployedStack, type ServicesByName } from './deployed.ts';
import type { DryRun } from './dry-run.ts';

const held = z.looseObject({ Name: z.string() });
const Record = z.object({
  /** By name, what each service asks for. */
  services: z.record(z.string(), z.unknown()),
  /** Made outside of the stack. Without values. */
  secrets: z.array(held),
  configs: z.array(z.string()),
  networks: z.array(z.string()),
});
export interface StackRecord {
  readonly services: Readonly<Record<string, unknown>>;
  readonly secrets: readonly SecretOrConfig['Spec'][];
  readonly configs: readonly string[];
  readonly networks: readonly string[];
}

export const sha256 = (value: string): string => createHash('sha256').update(value).digest('hex');

/** One hash over what every service asks for. */
export const hashServices = (services: Readonly<Record<string, unknown>>): string => sha256(stable(services));

export const toComparableServices = (services: ServicesByName): Record<string, unknown> =>
  Object.fromEntries([...services].map(([name, spec]) => [name, comparableSpec(spec)]));

export function createStackRecord(deployed: DeployedStack, rehearsed: DryRun): StackRecord {
  const { definition } = deployed;
  const asked = desiredServices(rehearsed, deployed);
  const own = (kind: 'secrets' | 'configs' | 'networks'): Set<string> =>
    new Set(rehearsed[kind].map(({ Name }) => Name));
  const templates = [...asked.values()].map(({ TaskTemplate }) => TaskTemplate);
  const used = {
    secrets: new Set(
      templates.flatMap(({ ContainerSpec }) => ContainerSpec?.Secrets ?? []).map((one) => one.SecretID),
    ),
    configs: new Set(
      templates.flatMap(({ ContainerSpec }) => ContainerSpec?.Configs ?? []).map((one) => one.ConfigID),
    ),
    networks: new Set(templates.flatMap(({ Networks }) => Networks ?? []).map((one) => one.Target)),
  };
  const predefined = new Set(definition.networks.filter(isPredefined).map(({ Name }) => Name));
  return {
    services: toComparableServices(asked),
    secrets: definition.secrets
      .map(({ Spec }) => Spec)
      .filter(({ Name }) => used.secrets.has(Name) && !own('secrets').has(Name)),
    configs: [...used.configs].filter((name) => !own('configs').has(name)).sort(),
    networks: [...used.networks].filter((name) => !own('networks').has(name) && !predefined.has(name)).sort(),
  };
}

/** @throws DrillError `record-damaged` */
export async function readStackRecord(artifact: ArtifactReader): Promise<StackRecord> {
  const damaged = (reason: string) =>
    finding(`the record of the stack can't be used: ${reason}`, {
      code: 'record-damaged',
      hint: 'nothing was created from it; take another recovery point',
    });
  const json = await text(artifact.open('stack.json'));
  const record = Record.safeParse(parsed(json));
  if (!record.success) throw damaged('it is no whole JSON of a stack');
  if (hashServices(record.data.services) !== artifact.metadata['specs'])
    throw damaged('its services are not those that were recorded');
  return record.data;
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
