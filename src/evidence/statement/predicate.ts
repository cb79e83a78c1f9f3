// What a run's statement states about its files: the fields that an auditor asks for. A field that can't be known is null, or says why.
import { z } from 'zod';
import { VERDICTS } from '../../drill/verdict/verdict.ts';
import { EvidenceFacts } from '../facts/schema.ts';
import { hex64 } from '../ledger/entry.ts';
import { PlanRecord, Trigger } from '../plan-record.ts';

export const EVIDENCE_TYPE = 'https://swarm-drill.dev/evidence/v1';

const count = z.int().min(0);
const seconds = z.number().min(0).nullable().describe('seconds; null if not measured or not set');
const utc = z.iso.datetime().describe('UTC');
const facts = EvidenceFacts.shape;
const inDrill = { drill: z.string().describe('name of the drill') };

const Identity = z.object({
  run: z.string().describe('id, 16 hexadecimal digits'),
  directory: z.string(),
  tool: z.string(),
  commit: z.string().describe('of the work tree that the drills came from'),
  system: z.string().nullable(),
  owner: z.string().nullable(),
  policy: facts.policy.unwrap().nullable(),
  controls: facts.controls.unwrap(),
  frequency: facts.frequency.unwrap(),
});

const Scope = z.object({
  objects: z.array(
    z.object({
      ...inDrill,
      object: z.string().describe('kind of object'),
      count: count.nullable(),
      checkedBy: z.array(z.string()),
      reason: z.string().describe('why no check compared it; empty if one did'),
      leftOut: z.array(z.string()).describe('what the checks left out'),
    }),
  ),
  exclusions: z.array(
    facts.exclusions.unwrap().element.extend({ expired: z.boolean().describe('when the run started') }),
  ),
  uncovered: z
    .array(
      z.object({
        object: z.string(),
        drills: z.array(z.string()),
        reason: z.string(),
        excluded: z.boolean().describe('by an exclusion that had not expired'),
      }),
    )
    .describe('kinds of object that were there, and that no drill of the run compared'),
  population: z.object({
    artifacts: count,
    chosen: z.string().describe('how the backups were chosen'),
  }),
});

const Backup = z.object({
  ...inDrill,
  artifact: z.string(),
  method: z.string().describe('the tool and how it is used'),
  version: z.string().describe('of the tool: that of swarm-drill and its images'),
  sha256: z.string().describe('as stored; of a repository, of the list of its files’ hashes'),
  bytes: count,
  createdAt: utc,
  ageSeconds: seconds.describe('at the disaster'),
  encrypted: z.boolean(),
  keyFingerprint: z.null().describe('not recorded: the key of a drill’s vault exists only while it runs'),
  onlyThisCopy: z
    .object({ check: z.string(), result: z.enum(['pass', 'fail', 'unproven']) })
    .nullable()
    .describe('the check that nothing else was there to restore from; null if it was not made'),
});

const Check = z.object({
  name: z.string(),
  result: z.enum(['pass', 'fail', 'unproven']),
  required: z.boolean(),
  compared: count,
  mismatched: count,
  doesNotProve: z.string(),
  definition: hex64
    .nullable()
    .describe('of name, what it covers and leaves open, and its observing function; null: not recorded'),
  caught: z
    .array(z.string())
    .nullable()
    .describe('mutations that this check found in this project’s controls; null: not recorded'),
});

const Result = z.object({
  ...inDrill,
  verdict: z.enum(VERDICTS),
  reason: z.string(),
  complete: z.boolean(),
  startedAt: utc,
  endedAt: utc,
  rto: seconds,
  rta: seconds,
  rpo: seconds,
  rpa: seconds,
  rpaIsLowerBound: z.boolean(),
  proven: seconds.describe('from the disaster to the last check'),
  acknowledgedWrites: count,
  lostWrites: count.nullable(),
  checks: z.array(Check),
});

const Cadence = z.object({
  of: z.string().describe('e.g. tag nightly, drill total-loss'),
  every: z.string(),
  previous: utc
    .nullable()
    .describe('end of the last run before this one that recovered; null if there is none'),
  ageSeconds: seconds.describe('from there to the start of this run'),
  overdue: z.boolean().nullable().describe('null if there was no run before'),
});

export const EvidencePredicate = z.object({
  schema: z.literal('swarm-drill/evidence@1'),
  identity: Identity,
  scope: Scope,
  backup: z.array(Backup),
  plan: z.object({
    sha256: hex64.nullable().describe('of plan.json; null for a run that was merged'),
    recordedAt: utc.nullable(),
    trigger: Trigger.nullable(),
    drills: PlanRecord.shape.drills,
    objectivesSource: z.string().nullable(),
    token: hex64.nullable().describe('of plan.tsr, the time-stamp of the plan; null without one'),
    merged: z
      .array(z.object({ directory: z.string(), run: z.string().nullable(), statement: hex64.nullable() }))
      .nullable()
      .describe('the runs that this one was merged from; null if it is not merged'),
  }),
  people: z.object({
    operator: z.object({ name: z.string(), key: hex64 }).nullable(),
    approval: z.literal('by attestation').describe('approvers and reviewers sign statements about this one'),
  }),
  results: z.object({
    verdict: z.enum(VERDICTS),
    exitCode: z.int(),
    startedAt: utc,
    endedAt: utc,
    clock: z.string().describe('where times and durations come from'),
    drills: z.array(Result),
  }),
  exceptions: z
    .array(z.object({ ...inDrill, finding: z.string() }))
    .describe(
      'what failed or stayed open: each needs an exception with cause and owner, or a later run that closes it',
    ),
  context: z.object({
    environment: z.string().nullable().describe('how it differs from production, as stated'),
    lab: z.array(z.string()),
    engines: z.array(z.string()).describe('of the lab, of the nodes, and their kernel'),
    testData: z.string().nullable(),
    limits: z.array(z.string()).describe('what the methods do not restore'),
    lessons: z.null().describe('people add them with an attestation'),
  }),
  integrity: z.object({
    previous: PlanRecord.shape.ledger.describe('the ledger before this run'),
    start: hex64
      .nullable()
      .describe('hash of the ledger’s entry of the start; null if it could not be written'),
    cadence: z.array(Cadence),
    aborted: z
      .array(z.object({ run: z.string(), directory: z.string(), at: utc }))
      .describe('runs in the ledger that started before this one and did not end'),
    outsideTime: z.object({ plan: z.string(), signature: z.string() }),
    late: z.string().nullable().describe('why another program than the one that ran the drills wrote this'),
    retention: z.string().nullable(),
  }),
});
export type EvidencePredicate = z.infer<typeof EvidencePredicate>;
