// The entries of reports/ledger.jsonl: one line of canonical JSON for each thing that happened to a run. Each has the hash of the
// line before it, so that none can be dropped, changed or moved without breaking the chain.
import { z } from 'zod';
import { VERDICTS } from '../../drill/verdict/verdict.ts';

export const hex64 = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .describe('SHA-256, hexadecimal');
const seconds = z.number().min(0).nullable().describe('seconds; null if not measured');

export const ATTESTATION_ROLES = ['reviewer', 'approver', 'exception', 'closed-by'] as const;
export type AttestationRole = (typeof ATTESTATION_ROLES)[number];

const common = {
  entry: z.int().min(1).describe('number of this line, counted from 1'),
  previous: hex64.describe('SHA-256 of the previous line without its line break; 64 zeros in the first'),
  torn: hex64.optional().describe('SHA-256 of half a line that a crash left behind, and that was cut off'),
  at: z.iso.datetime().describe('UTC'),
  run: z.string().describe('id of the run, 16 hexadecimal digits'),
  directory: z.string().describe('of the run, relative to the ledger'),
};

/** What is remembered of one drill of a run. */
export const DrillResult = z.object({
  drill: z.string(),
  verdict: z.enum(VERDICTS),
  reason: z.string(),
  failure: z.string().describe('the kind of failure'),
  tags: z.array(z.string()),
  method: z.string(),
  rta: seconds,
  rto: seconds,
  rpa: seconds,
  rpo: seconds,
  proven: seconds,
  total: seconds,
  bytes: z.number().min(0).describe('stored in the vault'),
  lostWrites: z.int().min(0).nullable(),
  longestGap: seconds.describe('longest unavailability in seconds; null without continuous writes'),
  others: z.number().min(0).nullable().describe('mean number of other drills during the recovery'),
  engine: z.string().describe('version of the engine in the nodes'),
  size: z.string(),
  shard: z.string().nullable().describe('e.g. 2/3'),
});
export type DrillResult = z.infer<typeof DrillResult>;

const outcome = {
  verdict: z.enum(VERDICTS),
  exitCode: z.int(),
  statement: hex64.describe('SHA-256 of the payload of the run’s statement'),
  key: hex64.nullable().describe('id of the key that signed the statement; null if none did'),
  commit: z.string().describe('of the work tree that the drills came from'),
  tool: z.string(),
  startedAt: z.iso.datetime().describe('start of the first drill, UTC'),
  endedAt: z.iso.datetime().describe('end of the last drill, UTC'),
  drills: z.array(DrillResult),
  late: z.string().optional().describe('why the run was not sealed by the program that ran it'),
};

export const StartEntry = z.object({
  ...common,
  event: z.literal('start'),
  plan: hex64.describe('SHA-256 of plan.json'),
  drills: z.array(z.string()),
  tags: z.array(z.string()),
  pid: z.int(),
  host: z.string(),
  owner: z.string().describe('the process: host, process id and its start in clock ticks since boot'),
});
export const EndEntry = z.object({ ...common, event: z.literal('end'), ...outcome });
export const MergeEntry = z.object({
  ...common,
  event: z.literal('merge'),
  ...outcome,
  of: z.array(z.string()).describe('directories of the runs that were merged'),
});
export const AttestEntry = z.object({
  ...common,
  event: z.literal('attest'),
  role: z.enum(ATTESTATION_ROLES),
  statement: hex64.describe('SHA-256 of the payload of the attestation'),
  of: hex64.describe('SHA-256 of the payload of the run’s statement'),
  key: hex64,
});
export const RemovedEntry = z.object({
  ...common,
  event: z.literal('removed'),
  statement: hex64.nullable().describe('of the run whose files were removed; null if it had none'),
  reason: z.string(),
});

export const LedgerEntry = z.discriminatedUnion('event', [
  StartEntry,
  EndEntry,
  MergeEntry,
  AttestEntry,
  RemovedEntry,
]);
export type LedgerEntry = z.infer<typeof LedgerEntry>;
export type StartEntry = z.infer<typeof StartEntry>;
export type EndEntry = z.infer<typeof EndEntry>;
export type MergeEntry = z.infer<typeof MergeEntry>;

/** What the caller of `appendEntry` knows; the ledger adds the rest. */
export type NewEntry = LedgerEntry extends infer E
  ? E extends LedgerEntry
    ? Omit<E, 'entry' | 'previous' | 'torn' | 'at'> & { readonly at?: string }
    : never
  : never;
