// The format of report.json and run.json; docs/*.schema.json are generated from it. Samples: test/support/report/samples.ts.
import { z } from 'zod';
import { PHASES, type Phase } from '../drill/events.ts';
import { VERDICTS } from '../drill/verdict/verdict.ts';

const count = z.int().min(0);
const duration = z.number().min(0).describe('seconds');
const utc = z.iso.datetime().describe('UTC');

const Verdict = z.enum(VERDICTS);

/** One timed piece of work. Parts may overlap, steps don't. */
export interface Step {
  name: string;
  phase: Phase;
  startedAt: string;
  offset: number;
  seconds: number;
  ok: boolean;
  harness: boolean;
  gap: boolean;
  operation?: { kind: 'backup' | 'restore'; method: string } | undefined;
  command?: { on: string; line: string } | undefined;
  error: string | null;
  waits: { because: string; seconds: number }[];
  causes?: { name: string; link: string; node: string; seconds: number }[] | undefined;
  parts: Step[];
}
export const Step: z.ZodType<Step> = z.object({
  name: z.string(),
  phase: z.enum(PHASES),
  startedAt: utc,
  offset: duration.describe('seconds from the start of the drill'),
  seconds: duration,
  ok: z.boolean(),
  harness: z.boolean().describe("swarm-drill's own work, never part of RTA"),
  gap: z.boolean().describe('time between steps that no step accounts for'),
  operation: z
    .object({ kind: z.enum(['backup', 'restore']), method: z.string() })
    .optional()
    .describe('set on a step that is the complete backup or restore of one method'),
  command: z
    .object({ on: z.string().describe('name of the machine'), line: z.string() })
    .optional()
    .describe('what an operator types for the same effect, without secrets'),
  error: z.string().nullable(),
  waits: z.array(z.object({ because: z.string(), seconds: duration })),
  causes: z
    .array(
      z.object({
        name: z.string(),
        link: z.string().describe('issue upstream'),
        node: z.string().describe('whose log shows it'),
        seconds: duration.describe('how long this step waited for it'),
      }),
    )
    .optional()
    .describe('known causes of its waits, from the logs of the nodes'),
  parts: z.array(z.lazy(() => Step)),
});

const Availability = z.object({
  attempts: count.describe('writes that were tried, one after the other'),
  failed: count,
  longestGapSeconds: duration
    .nullable()
    .describe(
      'longest time without an acknowledged write, around the disaster; if no attempt failed, what the slowest write took',
    ),
  gapStartedAt: duration.nullable().describe('seconds from the start of the drill'),
  gapEndedAt: duration
    .nullable()
    .describe('null if no write was acknowledged after the gap: it may have been longer'),
  usualSeconds: duration.nullable().describe('median time of a write before the disaster'),
  lostWrites: count.nullable().describe('acknowledged and missing after the restore'),
  errors: z.array(z.object({ reason: z.string(), count })).describe('why attempts failed'),
  series: z
    .array(
      z.object({
        offset: duration.describe('seconds from the start of the drill'),
        seconds: duration.describe('length of this interval'),
        acknowledged: count,
        failed: count,
        slowestSeconds: duration,
      }),
    )
    .describe('the attempts that ended in each interval, from the first to the last'),
});
export type Availability = z.infer<typeof Availability>;

export const Report = z.object({
  schema: z.literal('swarm-drill/report@2'),
  name: z.string(),
  title: z.string(),
  failureClass: z.string().describe('the kind of failure; drills of one kind are compared in run.json'),
  verdict: Verdict,
  reason: z.string().describe('one sentence'),
  startedAt: utc,
  endedAt: utc,
  totalSeconds: duration,
  subject: z
    .object({
      of: z.string(),
      aspects: z.array(z.string()),
      method: z.string(),
      requires: z.array(z.string()).describe('methods it depends on'),
      loses: z.array(z.string()),
      limits: z.array(z.string()),
    })
    .nullable()
    .describe('what this drill contributes to the comparison of methods in run.json'),
  baselineTiming: z
    .object({
      bytes: count.describe('of the unpacked tar'),
      seconds: duration.describe('to pack it'),
      unpackSeconds: duration.describe('to unpack it'),
    })
    .nullable()
    .describe('tar piped to zstd, and back, with the same data'),
  seed: z.string(),
  size: z.string(),
  file: z.string().describe('the drill file, relative to the project root'),
  text: z.string().describe('the source of the drill: its pass criteria, recorded before anything started'),
  rerunCommand: z.string().describe('command that runs this drill again'),
  tags: z.array(z.string()),
  shard: z
    .object({
      index: z.int().min(1),
      of: z.int().min(1),
      selection: z.array(z.string()).describe('names of all drills that the shards run together'),
    })
    .nullable()
    .describe('the part of a run that was split between machines'),
  complete: z.boolean().describe('false when the journal ends before the drill did'),
  damagedLines: count.describe('lines of the journal that could not be parsed'),
  topology: z.object({ managers: count, workers: count }),
  objectives: z.object({ rtoSeconds: duration.nullable(), rpoSeconds: duration.nullable() }),
  actual: z.object({
    rtaSeconds: duration
      .nullable()
      .describe('from the disaster to the first request that the application answered'),
    provenSeconds: duration.nullable().describe('from the disaster to the last check'),
    rpaSeconds: duration
      .nullable()
      .describe(
        'from the last acknowledged write before the first lost one, to the disaster, or to the last lost one if that was later',
      ),
    rpaIsLowerBound: z
      .boolean()
      .describe('the first acknowledged write is lost, so the loss may reach further back: no RPO is met'),
    lostWrites: count.nullable().describe('acknowledged and missing after the restore'),
    lostBeforeBackup: count.nullable().describe('of these, acknowledged before the backup began'),
    acknowledgedWrites: count,
  }),
  availability: Availability.nullable().describe('null without continuous writes'),
  marks: z
    .object({
      disaster: duration.nullable(),
      firstResponse: duration.nullable(),
      proven: duration.nullable(),
    })
    .describe('seconds from the start of the drill'),
  sideBySide: z
    .object({
      most: count.describe('largest number of other drills at one time'),
      duringRecovery: z
        .number()
        .min(0)
        .nullable()
        .describe('mean number of other drills from the disaster to the first answered request'),
      intervals: z.array(z.object({ offset: duration, seconds: duration, others: z.array(z.string()) })),
    })
    .nullable()
    .describe('other drills on the same machine while this one ran; null where that is not known'),
  steps: z.array(Step).describe('in order and without overlap; they add up to totalSeconds'),
  checks: z.array(
    z.object({
      name: z.string(),
      result: z.enum(['pass', 'fail', 'unproven']),
      required: z.boolean(),
      compared: count,
      mismatched: count,
      detail: z.string(),
      differences: z.array(z.string()),
      doesNotProve: z.string(),
      definition: z
        .string()
        .optional()
        .describe('SHA-256 of what the check is; absent in reports of older versions'),
      excluded: z.array(z.object({ what: z.string(), count })).describe('what was there and not compared'),
      aspects: z.array(z.object({ aspect: z.string(), compared: count, mismatched: count })),
      seconds: duration,
    }),
  ),
  coverage: z.array(
    z.object({
      object: z.string(),
      count: count.nullable(),
      checkedBy: z.array(z.string()),
      reason: z.string(),
      excluded: z.array(z.string()).describe('what the checks left out'),
    }),
  ),
  artifacts: z.array(
    z.object({
      method: z.string(),
      name: z.string(),
      bytes: count,
      sha256: z.string(),
      createdAt: utc,
      encrypted: z.boolean(),
      seconds: duration,
      stopped: z
        .array(z.object({ what: z.string(), seconds: duration }))
        .describe('what the backup stopped, and how long'),
      limits: z.array(z.string()),
      loses: z.array(z.string()),
    }),
  ),
  disaster: z.array(z.object({ what: z.string(), id: z.string(), before: z.string(), after: z.string() })),
  topologies: z.object({
    before: z.array(z.lazy(() => TopologyNode)),
    after: z.array(z.lazy(() => TopologyNode)),
  }),
  environment: z
    .object({
      engine: z.string(),
      nodeEngine: z.string(),
      kernel: z.string(),
      images: z.array(
        z.object({ role: z.string(), reference: z.string(), digest: z.string(), source: z.string() }),
      ),
      tool: z.string(),
      commit: z.string(),
      lab: z.string(),
    })
    .nullable(),
  logs: z.array(z.object({ node: z.string(), file: z.string(), bytes: count })),
  failure: z
    .object({
      phase: z.enum(PHASES),
      blame: z.enum(['finding', 'harness']),
      reason: z.string(),
      detail: z.string(),
      hint: z.string().optional(),
    })
    .nullable(),
  harness: z.object({
    seconds: duration.describe('time in which swarm-drill itself was busy, and its own steps'),
    share: z.number().min(0).describe('of totalSeconds'),
  }),
  cleanup: z
    .object({
      before: z.record(z.string(), count),
      after: z.record(z.string(), count),
      leaked: z.array(z.string()),
      errors: z.array(z.string()),
      shellCommand: z.string().optional(),
      removeCommand: z.string().optional(),
    })
    .nullable()
    .describe('null when the journal ends before the cleanup'),
});
export type Report = z.infer<typeof Report>;

const TopologyNode = z.object({
  name: z.string(),
  role: z.enum(['manager', 'worker']),
  address: z.string(),
  engine: z.string().optional().describe('version of its engine; absent in reports of older versions'),
  leader: z.boolean(),
  state: z.string(),
  labels: z.record(z.string(), z.string()),
  tasks: z.array(z.string()),
});

export const MatrixRow = z.object({
  drill: z.string(),
  method: z.string(),
  verdict: Verdict,
  aspects: z.record(
    z.string(),
    z.object({
      state: z
        .enum(['restored', 'documented loss', 'undocumented loss', 'restored despite documented loss'])
        .describe('an undocumented loss is a finding: the method does not list it as a limit'),
      compared: count,
      mismatched: count,
    }),
  ),
  backupSeconds: duration.nullable().describe('including the methods it depends on'),
  restoreSeconds: duration.nullable().describe('of the same methods only'),
  rtaSeconds: duration.nullable().describe('of the whole drill'),
  othersDuringRecovery: z
    .number()
    .min(0)
    .nullable()
    .describe('mean number of other drills on the same machine while this one recovered'),
  storedBytes: count.describe('stored in the vault'),
  dataBytes: count.nullable().describe('of an uncompressed tar of the same data'),
  backupRatio: z
    .number()
    .nullable()
    .describe('time to back up, divided by the baseline timing of the same drill'),
  restoreRatio: z
    .number()
    .nullable()
    .describe('time to restore, divided by the baseline timing of the same drill'),
  limits: z.array(z.string()),
});
export type MatrixRow = z.infer<typeof MatrixRow>;

export const Matrix = z.object({
  of: z.string(),
  aspects: z.array(z.string()).describe('columns, in order'),
  warning: z.string().nullable().describe('why the recovery times of the rows are not comparable'),
  rows: z.array(MatrixRow),
});
export type Matrix = z.infer<typeof Matrix>;

export const FailureRow = z.object({
  drill: z.string(),
  title: z.string(),
  verdict: Verdict,
  reason: z.string(),
  tags: z.array(z.string()),
  method: z.string().describe('the method that the drill is about, or all that it used'),
  methods: z.array(z.string()).describe('every method that the drill used'),
  engine: z.string().describe('version of the engine in the nodes; empty if unknown'),
  rtaSeconds: duration.nullable(),
  rtoSeconds: duration.nullable(),
  provenSeconds: duration.nullable(),
  rpaSeconds: duration.nullable(),
  rpaIsLowerBound: z.boolean(),
  rpoSeconds: duration.nullable(),
  lostWrites: count.nullable(),
  acknowledgedWrites: count,
  longestGapSeconds: duration.nullable().describe('longest unavailability; null without continuous writes'),
  gapIsLowerBound: z.boolean().describe('no write was acknowledged after the gap'),
  othersDuringRecovery: z
    .number()
    .min(0)
    .nullable()
    .describe('mean number of other drills on the same machine while this one recovered'),
  objectives: z.enum(['met', 'missed', 'not measured', 'none set']),
  dominant: z
    .object({
      step: z.string(),
      within: z.array(z.string()),
      seconds: duration,
      causes: z.array(z.object({ name: z.string(), link: z.string() })).describe('known causes of its waits'),
    })
    .nullable()
    .describe('the step that the recovery waited for longest'),
  checks: z.object({ passed: count, failed: count, unproven: count }),
  unproven: z.array(z.object({ check: z.string(), reason: z.string() })).describe('what could not be tested'),
});
export type FailureRow = z.infer<typeof FailureRow>;

export const FailureClass = z.object({
  failure: z.string(),
  page: z.string().describe('its page, relative to run.json'),
  rows: z.array(FailureRow),
});
export type FailureClass = z.infer<typeof FailureClass>;

export const Run = z.object({
  schema: z.literal('swarm-drill/run@2'),
  startedAt: utc,
  endedAt: utc,
  verdict: Verdict.describe('the worst of the drills’ verdicts'),
  exitCode: z.int(),
  concurrency: z
    .object({
      drillSeconds: duration.describe('sum of the times of the drills'),
      elapsedSeconds: duration.describe('time in which at least one drill ran'),
      gain: z
        .number()
        .min(1)
        .describe(
          'drillSeconds / elapsedSeconds: an upper bound, since drills that share a machine slow each other down',
        ),
    })
    .describe('what running drills side by side gained'),
  warnings: z.array(z.string()).describe('why measurements of these drills are not comparable'),
  failures: z
    .array(FailureClass)
    .describe('the kinds of failure; drills that did not recover are first, then the slowest recovery'),
  matrix: z
    .array(Matrix)
    .describe('comparison of the backup methods that the drills of this run used, by kind of data'),
  drills: z.array(Report),
});
export type Run = z.infer<typeof Run>;
