// The definition of a swarm, as its own API tells it: what is exported, what a rebuilt swarm is compared with, and the files
// that it is kept in.
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import { finding, reasonOf } from '../../../support/errors.ts';
import { isPredefined, type Network, type Service } from '../../../swarm/portable.ts';
import type { Member, Swarm } from '../../../swarm/swarm.ts';
import type { TextMetadata, ArtifactWriter, ArtifactReader } from '../../../model/method.ts';

/** A secret or a config; the value of a secret is in none. */
export interface SecretOrConfig {
  readonly ID: string;
  readonly Spec: {
    readonly Name: string;
    readonly Labels?: Readonly<Record<string, string>>;
    /** A secret driver: the value comes from a plugin, and the swarm holds none. */
    readonly Driver?: { readonly Name: string };
    readonly Templating?: { readonly Name: string };
    /** base64. */
    readonly Data?: string;
  };
}

export interface SwarmObjects {
  readonly services: readonly Service[];
  /** Of the swarm alone; `host` and `bridge` are there when a service names them. */
  readonly networks: readonly Network[];
  readonly configs: readonly SecretOrConfig[];
  readonly secrets: readonly SecretOrConfig[];
  readonly nodes: readonly Member[];
}

export async function readSwarmObjects(swarm: Swarm): Promise<SwarmObjects> {
  const { docker } = await swarm.manager();
  const [services, all, configs, secrets, nodes] = (await Promise.all([
    docker.listServices(),
    docker.listNetworks(),
    docker.listConfigs(),
    docker.listSecrets(),
    docker.listNodes(),
  ])) as unknown as [Service[], Network[], SecretOrConfig[], SecretOrConfig[], Member[]];
  const networks = all.filter(({ Scope }) => Scope === 'swarm');
  const listed = new Set(networks.map(({ Id }) => Id));
  const targets = services.flatMap(({ Spec }) => [
    ...(Spec.TaskTemplate.Networks ?? []),
    ...(Spec.Networks ?? []),
  ]);
  // The engine lists what people made; `host` and `bridge` as services use them it tells by id alone.
  const unlisted = new Set(targets.map(({ Target }) => Target).filter((id) => !listed.has(id)));
  for (const id of unlisted) networks.push((await docker.getNetwork(id).inspect()) as Network);
  return { services, networks, configs, secrets, nodes };
}

/** Names of all objects by their ids; of a node, its host name. */
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

/** Networks that somebody made: neither the swarm's own `host` and `bridge` nor its ingress. */
export const madeNetworks = ({ networks }: SwarmObjects): Network[] =>
  networks.filter((network) => !network.Ingress && !isPredefined(network));

const named = z.looseObject({ Name: z.string() });
const held = z.looseObject({ ID: z.string(), Spec: named });
const SHAPES: { readonly [Kind in keyof SwarmObjects]: z.ZodType } = {
  services: held.extend({ Spec: named.extend({ TaskTemplate: z.looseObject({}) }) }),
  networks: named.extend({ Id: z.string() }),
  configs: held.extend({ Spec: named.extend({ Data: z.base64().optional() }) }),
  secrets: held,
  nodes: z.looseObject({ ID: z.string(), Description: z.looseObject({ Hostname: z.string() }) }),
};
const KINDS = Object.keys(SHAPES) as (keyof SwarmObjects)[];
const fileOf = (kind: string): string => `${kind}.json`;

/** One readable file for each kind. @returns how many there are of each */
export async function writeExport(
  definition: SwarmObjects,
  put: ArtifactWriter['put'],
): Promise<TextMetadata> {
  for (const kind of KINDS)
    await put(fileOf(kind), Readable.from([JSON.stringify(definition[kind], null, 2)]));
  return Object.fromEntries(KINDS.map((kind) => [kind, String(definition[kind].length)]));
}

/** @throws DrillError `export-damaged` when a file is cut, is something else, or holds fewer objects than were exported */
export async function readExport(artifact: ArtifactReader): Promise<SwarmObjects> {
  const kinds: [string, unknown[]][] = [];
  for (const kind of KINDS) {
    const damaged = (reason: string) =>
      finding(`${fileOf(kind)} of the export can't be used: ${reason}`, {
        code: 'export-damaged',
        hint: 'nothing was created from it; take another recovery point',
      });
    const parsed = await text(artifact.open(fileOf(kind)))
      .then((json) => JSON.parse(json) as unknown)
      // Without the cause: the parser's words would quote the file, and services have passwords in their environment.
      .catch((cause: unknown) => {
        throw damaged(cause instanceof SyntaxError ? 'it is no whole JSON' : reasonOf(cause));
      });
    const list = z.array(SHAPES[kind]).safeParse(parsed);
    if (!list.success) {
      const [issue] = list.error.issues;
      throw damaged(`at ${issue?.path.join('.')}: ${issue?.message.toLowerCase()}`);
    }
    const expected = artifact.metadata[kind];
    if (String(list.data.length) !== expected)
      throw damaged(`expected ${expected} ${kind}, got ${list.data.length}`);
    kinds.push([kind, list.data]);
  }
  return Object.fromEntries(kinds) as unknown as SwarmObjects;
}
