// The plan of a run as recorded before anything starts: which drills with which pass criteria, who asked for it, and what people state
// in evidence.yml. Its hash is in the ledger and, with a time-stamp authority, in a token from outside.
import { readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { z } from 'zod';
import type { Drill, Objectives } from '../drill/plan.ts';
import { DEFAULT_TAGS } from '../drill/tags.ts';
import { utcNow } from '../support/clock.ts';
import { sha256 } from '../support/sha256.ts';
import { writeAtomically } from '../support/write-file.ts';
import { canonicalJson } from './canonical.ts';
import type { LoadedFacts } from './facts/load.ts';
import { EvidenceFacts } from './facts/schema.ts';
import { hex64 } from './ledger/entry.ts';

export const PLAN_FILE = 'plan.json';
export const PLAN_TOKEN_FILE = 'plan.tsr';

const seconds = z.number().min(0).nullable().describe('seconds; null if there is no such objective');

export const Trigger = z.object({
  kind: z.enum(['ci', 'person']),
  name: z.string().describe('of the CI system, or of the account'),
  url: z.string().nullable().describe('of the CI job'),
});
export type Trigger = z.infer<typeof Trigger>;

export const PlanRecord = z.object({
  schema: z.literal('swarm-drill/plan@1'),
  run: z.string().describe('id of the run, 16 hexadecimal digits'),
  directory: z.string().describe('of the run, relative to the ledger'),
  recordedAt: z.iso.datetime().describe('UTC'),
  trigger: Trigger,
  operator: z.string().nullable().describe('name of the person in evidence.yml whose key signs the run'),
  options: z.object({
    seed: z.string(),
    size: z.string(),
    objectives: z
      .object({ rtoSeconds: seconds, rpoSeconds: seconds })
      .describe('that replaced those of the drills'),
    engineVersion: z.string().nullable(),
    shard: z.string().nullable().describe('e.g. 2/3'),
  }),
  drills: z.array(
    z.object({
      name: z.string(),
      title: z.string(),
      file: z.string(),
      sha256: hex64.describe('of the text of the drill’s file: its pass criteria'),
      tags: z.array(z.string()),
      objectives: z.object({ rtoSeconds: seconds, rpoSeconds: seconds }),
    }),
  ),
  facts: EvidenceFacts.omit({ notify: true }).nullable().describe('evidence.yml, without who is informed'),
  factsSha256: hex64.nullable().describe('of the file’s bytes'),
  ledger: z.object({ entries: z.int().min(0), head: hex64 }).describe('the ledger before this run'),
});
export type PlanRecord = z.infer<typeof PlanRecord>;

export interface PlanFacts {
  readonly run: string;
  readonly directory: string;
  readonly trigger: Trigger;
  readonly operator: string | null;
  readonly options: {
    readonly seed: string;
    readonly size: string;
    readonly objectives: Objectives;
    readonly engineVersion?: string | undefined;
    readonly shard?: { readonly index: number; readonly of: number } | undefined;
  };
  readonly drills: readonly Drill[];
  readonly facts: LoadedFacts | null;
  readonly ledger: PlanRecord['ledger'];
}

export async function buildPlanRecord({ options, facts, drills, ...rest }: PlanFacts): Promise<PlanRecord> {
  const { objectives, shard } = options;
  const { notify: _, ...stated } = facts?.facts ?? {};
  return {
    schema: 'swarm-drill/plan@1',
    ...rest,
    recordedAt: utcNow(),
    options: {
      seed: options.seed,
      size: options.size,
      objectives: toSeconds(objectives),
      engineVersion: options.engineVersion ?? null,
      shard: shard ? `${shard.index}/${shard.of}` : null,
    },
    drills: await Promise.all(
      drills.map(async ({ name, title, file, plan }) => ({
        name,
        title,
        file: relative(process.cwd(), file),
        sha256: sha256(await readFile(file)),
        tags: [...(plan.tags ?? DEFAULT_TAGS)],
        objectives: toSeconds({ ...plan.objectives, ...objectives }),
      })),
    ),
    facts: facts && stated,
    factsSha256: facts?.sha256 ?? null,
  };
}

/** Writes plan.json into the run's directory. @returns the SHA-256 of its bytes */
export async function writePlanRecord(directory: string, record: PlanRecord): Promise<string> {
  const text = canonicalJson(record);
  await writeAtomically(join(directory, PLAN_FILE), text);
  return sha256(text);
}

/** Returns the plan of a run and its hash; undefined for a run without one, such as a merged one. */
export async function readPlanRecord(
  directory: string,
): Promise<{ readonly record: PlanRecord; readonly sha256: string } | undefined> {
  const bytes = await readFile(join(directory, PLAN_FILE)).catch(() => undefined);
  if (!bytes) return undefined;
  return { record: PlanRecord.parse(JSON.parse(bytes.toString('utf8'))), sha256: sha256(bytes) };
}

const toSeconds = ({ rto, rpo }: Objectives): { rtoSeconds: number | null; rpoSeconds: number | null } => ({
  rtoSeconds: rto ?? null,
  rpoSeconds: rpo ?? null,
});
