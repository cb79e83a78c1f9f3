// plan.json: what was going to run, with which criteria, recorded before a machine was touched.
import { z } from 'zod';
import { sha256 } from '../../support/sha256.ts';
import { PeopleFacts } from './people.ts';
import { hex64 } from './statement.ts';
import { decodeText, matchSchema, parseJson } from './strict.ts';

const duration = z.string().regex(/^[1-9]\d*(min|h|d|w)$/, 'expected a duration such as 26h');

/** The part of evidence.yml that the verifier needs. */
export const PlanFacts = z.object({
  people: PeopleFacts.optional(),
  frequency: z
    .array(z.object({ tag: z.string().optional(), drill: z.string().optional(), every: duration }))
    .optional(),
  exclusions: z
    .array(z.object({ object: z.string(), reason: z.string(), 'accepted-by': z.string(), until: z.string() }))
    .optional(),
});
export type PlanFacts = z.infer<typeof PlanFacts>;

const PlanFile = z.object({
  schema: z.literal('swarm-drill/plan@1'),
  run: z.string(),
  directory: z.string(),
  recordedAt: z.iso.datetime(),
  operator: z.string().nullable(),
  drills: z.array(
    z.object({
      name: z.string(),
      sha256: hex64,
      objectives: z.object({ rtoSeconds: z.number().nullable(), rpoSeconds: z.number().nullable() }),
    }),
  ),
  facts: PlanFacts.nullable(),
  ledger: z.object({ entries: z.int().min(0), head: hex64 }),
});

export type Plan = z.infer<typeof PlanFile> & {
  /** SHA-256 of the file. */
  readonly digest: string;
};

/** @throws Unreadable */
export const parsePlan = (bytes: Uint8Array): Plan => ({
  ...matchSchema(PlanFile, parseJson(decodeText(bytes))),
  digest: sha256(bytes),
});

const SECONDS: Readonly<Record<string, number>> = { min: 60, h: 3600, d: 86_400, w: 604_800 };

/** Returns a duration such as `26h` in seconds. */
export const parseDuration = (text: string): number =>
  Number.parseInt(text, 10) * (SECONDS[text.replace(/^\d+/, '')] ?? Number.NaN);
