// The objects of a swarm as its API returns them: what an export stores, and what a rebuilt swarm is compared with.
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import type {
  NetworkInspection,
  ServiceInspection,
  Member,
  SecretOrConfig,
  SecretOrConfigSpec,
} from '../../../lab/engine/api.ts';
import type { ArtifactReader, ArtifactWriter } from '../../../model/method.ts';
import { finding, reasonOf } from '../../../support/errors.ts';
import type { Swarm } from '../../../swarm/swarm.ts';

const Named = z.looseObject({ Name: z.string() });

export const SecretSpecSchema: z.ZodType<SecretOrConfigSpec> = Named.extend({
  /** A secret driver: a plugin provides the value, and the swarm has none. */
  Driver: Named.optional(),
  Templating: Named.optional(),
  /** Bytes of a config, as base64. No API returns those of a secret. */
  Data: z.base64().optional(),
});
const SecretOrConfigSchema = z.looseObject({ ID: z.string(), Spec: SecretSpecSchema });

const SCHEMAS = {
  services: z.looseObject({ ID: z.string(), Spec: Named.extend({ TaskTemplate: z.looseObject({}) }) }),
  networks: Named.extend({ Id: z.string() }),
  configs: SecretOrConfigSchema,
  secrets: SecretOrConfigSchema,
  nodes: z.looseObject({ ID: z.string(), Description: z.looseObject({ Hostname: z.string() }) }),
};
const KINDS = ['services', 'networks', 'configs', 'secrets', 'nodes'] as const;
const fileOf = (kind: string): string => `${kind}.json`;

export interface SwarmObjects {
  readonly services: readonly ServiceInspection[];
  /** Of swarm scope; includes `host` and `bridge` when a service names them. */
  readonly networks: readonly NetworkInspection[];
  readonly configs: readonly SecretOrConfig[];
  readonly secrets: readonly SecretOrConfig[];
  readonly nodes: readonly Member[];
}

/** How many objects of each kind there are. */
export const ObjectCounts = z.record(z.enum(KINDS), z.int());
export type ObjectCounts = z.infer<typeof ObjectCounts>;

export async function readSwarmObjects(swarm: Swarm): Promise<SwarmObjects> {
  const { engine } = await swarm.manager();
  const [services, all, configs, secrets, nodes] = await Promise.all([
    engine.services.list(),
    engine.networks.list(),
    engine.configs.list(),
    engine.secrets.list(),
    engine.nodes.list(),
  ]);
  const networks = all.filter(({ Scope }) => Scope === 'swarm');
  const listed = new Set(networks.map(({ Id }) => Id));
  const targets = services.flatMap(({ Spec }) => [
    ...(Spec.TaskTemplate.Networks ?? []),
    ...(Spec.Networks ?? []),
  ]);
  // The engine does not list the swarm's own `host` and `bridge`: services refer to them by id.
  const unlisted = new Set(targets.map(({ Target }) => Target).filter((id) => !listed.has(id)));
  for (const id of unlisted) networks.push(await engine.networks.inspect(id));
  return { services, networks, configs, secrets, nodes };
}

/** Returns the names of all objects by their ids; for a node, its host name. */
export function namesById({
  services,
  networks,
  configs,
  secrets,
  nodes,
}: SwarmObjects): Map<string, string> {
  return new Map([
    ...networks.map(({ Id, Name }) => [Id, Name] as const),
    ...[...services, ...configs, ...secrets].map(({ ID, Spec }) => [ID, Spec.Name] as const),
    ...nodes.map(({ ID, Description }) => [ID, Description.Hostname] as const),
  ]);
}

/** Writes one readable file for each kind. */
export async function writeExport(
  objects: SwarmObjects,
  { put }: Pick<ArtifactWriter, 'put'>,
): Promise<ObjectCounts> {
  for (const kind of KINDS) await put(fileOf(kind), Readable.from([JSON.stringify(objects[kind], null, 2)]));
  return Object.fromEntries(KINDS.map((kind) => [kind, objects[kind].length])) as ObjectCounts;
}

/** @throws DrillError `export-damaged` when a file is cut, is something else, or holds fewer objects than were exported */
export async function readExport(artifact: ArtifactReader<ObjectCounts>): Promise<SwarmObjects> {
  const kinds: [string, unknown[]][] = [];
  for (const kind of KINDS) {
    const damaged = (reason: string) =>
      finding(`${fileOf(kind)}: ${reason}`, {
        code: 'export-damaged',
        hint: 'Restore from another recovery point; nothing was created from this one.',
      });
    const parsed = await text(artifact.open(fileOf(kind)))
      .then((json) => JSON.parse(json) as unknown)
      // Without the cause: the parser's message would quote the file, and services have passwords in their environment.
      .catch((cause: unknown) => {
        throw damaged(cause instanceof SyntaxError ? 'invalid JSON' : reasonOf(cause));
      });
    const list = z.array<z.ZodType>(SCHEMAS[kind]).safeParse(parsed);
    if (!list.success) {
      const [issue] = list.error.issues;
      throw damaged(`at ${issue?.path.join('.')}: ${issue?.message.toLowerCase()}`);
    }
    const expected = artifact.metadata[kind];
    if (list.data.length !== expected) throw damaged(`expected ${expected} ${kind}, got ${list.data.length}`);
    kinds.push([kind, list.data]);
  }
  return Object.fromEntries(kinds) as unknown as SwarmObjects;
}
