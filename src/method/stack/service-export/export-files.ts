// The files of an export: readable JSON, one file for each kind of object.
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import type { ArtifactReader, ArtifactWriter } from '../../../model/method.ts';
import { finding, reasonOf } from '../../../support/errors.ts';
import { NamedObject, SecretSpecSchema, type SwarmObjects } from '../swarm-objects.ts';

const SecretOrConfigSchema = z.looseObject({ ID: z.string(), Spec: SecretSpecSchema });

const SCHEMAS = {
  services: z.looseObject({ ID: z.string(), Spec: NamedObject.extend({ TaskTemplate: z.looseObject({}) }) }),
  networks: NamedObject.extend({ Id: z.string() }),
  configs: SecretOrConfigSchema,
  secrets: SecretOrConfigSchema,
  nodes: z.looseObject({ ID: z.string(), Description: z.looseObject({ Hostname: z.string() }) }),
};
const KINDS = ['services', 'networks', 'configs', 'secrets', 'nodes'] as const;
const fileOf = (kind: string): string => `${kind}.json`;

/** How many objects of each kind there are. */
export const ObjectCounts = z.record(z.enum(KINDS), z.int());
export type ObjectCounts = z.infer<typeof ObjectCounts>;

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
