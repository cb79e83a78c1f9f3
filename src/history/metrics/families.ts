// The metrics: what a monitor plots and alarms on. Names follow the conventions of Prometheus: base units, and `_total` for counters.
import { VERDICTS } from '../../drill/verdict/verdict.ts';
import { countedRuns, type History } from '../runs/history.ts';
import type { DrillStatus, Status } from '../status/status.ts';

export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Family {
  /** Without the suffix of a counter. */
  readonly name: string;
  readonly type: 'gauge' | 'counter';
  /** The last part of the name, where it is one. */
  readonly unit?: 'seconds' | 'bytes';
  readonly help: string;
  readonly samples: readonly Sample[];
}

const PREFIX = 'swarm_drill';

/** Returns the families. A value that was not measured has no sample: it is absent, and not 0. */
export const buildFamilies = (history: History, status: Status): Family[] => [
  ...describeDrills(status.drills.filter(({ state }) => state !== 'retired')),
  ...countResults(history),
  {
    name: `${PREFIX}_written_timestamp_seconds`,
    type: 'gauge',
    unit: 'seconds',
    help: 'When these metrics were written, in seconds since 1970.',
    samples: [{ labels: {}, value: toEpoch(status.at) }],
  },
  {
    name: `${PREFIX}_healthy`,
    type: 'gauge',
    help: '1 if every drill recovered in time, 0 if one did not or that is not known.',
    samples: [{ labels: {}, value: status.exitCode === 0 ? 1 : 0 }],
  },
];

/** A gauge with one sample for each drill. */
interface DrillGauge {
  readonly name: string;
  readonly unit?: Family['unit'];
  readonly help: string;
  readonly value: (drill: DrillStatus) => number | null;
}

const toEpoch = (at: string): number => Date.parse(at) / 1000;

const GAUGES: readonly DrillGauge[] = [
  {
    name: 'last_run_timestamp_seconds',
    unit: 'seconds',
    help: 'When the last run of the drill started, in seconds since 1970.',
    value: ({ last }) => (last ? toEpoch(last.at) : null),
  },
  {
    name: 'last_recovered_timestamp_seconds',
    unit: 'seconds',
    help: 'When the last run started in which the drill recovered, in seconds since 1970.',
    value: ({ lastRecovered }) => (lastRecovered ? toEpoch(lastRecovered.at) : null),
  },
  {
    name: 'required_interval_seconds',
    unit: 'seconds',
    help: 'How old the last recovery of the drill may be.',
    value: ({ requiredSeconds }) => requiredSeconds,
  },
  {
    name: 'overdue',
    help: '1 if the last recovery of the drill is older than allowed.',
    value: ({ overdue, requiredSeconds }) => (requiredSeconds === null ? null : Number(overdue)),
  },
  {
    name: 'rta_seconds',
    unit: 'seconds',
    help: 'Recovery time (RTA) of the last result: from the disaster to the first answered request.',
    value: ({ rtaSeconds }) => rtaSeconds,
  },
  {
    name: 'rta_p95_seconds',
    unit: 'seconds',
    help: '95th percentile of the recovery time of the last recoveries.',
    value: ({ rta }) => rta?.p95 ?? null,
  },
  {
    name: 'rto_seconds',
    unit: 'seconds',
    help: 'Recovery time objective (RTO) of the last result.',
    value: ({ rtoSeconds }) => rtoSeconds,
  },
  {
    name: 'rpa_seconds',
    unit: 'seconds',
    help: 'Data loss window (RPA) of the last result.',
    value: ({ rpaSeconds }) => rpaSeconds,
  },
  {
    name: 'rpo_seconds',
    unit: 'seconds',
    help: 'Recovery point objective (RPO) of the last result.',
    value: ({ rpoSeconds }) => rpoSeconds,
  },
  {
    name: 'proven_seconds',
    unit: 'seconds',
    help: 'Time to proven of the last result: from the disaster to the end of the last check.',
    value: ({ provenSeconds }) => provenSeconds,
  },
  {
    name: 'duration_seconds',
    unit: 'seconds',
    help: 'How long the drill of the last result took.',
    value: ({ totalSeconds }) => totalSeconds,
  },
  {
    name: 'stored_bytes',
    unit: 'bytes',
    help: 'What the backups of the last result stored in the vault.',
    value: ({ storedBytes }) => storedBytes,
  },
  {
    name: 'lost_writes',
    help: 'Acknowledged writes that were missing after the last restore.',
    value: ({ lostWrites }) => lostWrites,
  },
];

/** What the last run of a drill may have ended with. */
const RESULTS = [...VERDICTS, 'did not end'] as const;

const describeDrills = (drills: readonly DrillStatus[]): Family[] => [
  {
    name: `${PREFIX}_last_result`,
    type: 'gauge',
    help: '1 for what the last run of the drill ended with, 0 for the others.',
    samples: drills
      .filter(({ last }) => last !== null)
      .flatMap(({ drill, state }) =>
        RESULTS.map((result) => ({ labels: { drill, result }, value: Number(state === result) })),
      ),
  },
  ...GAUGES.map(({ name, unit, help, value }) => ({
    name: `${PREFIX}_${name}`,
    type: 'gauge' as const,
    ...(unit && { unit }),
    help,
    samples: drills.flatMap((drill) => {
      const measured = value(drill);
      return measured === null ? [] : [{ labels: { drill: drill.drill }, value: measured }];
    }),
  })),
];

/** Counts what the ledger has: nothing is ever removed from it, so the numbers only grow. */
function countResults(history: History): Family[] {
  const results = new Map<string, Sample>();
  let unended = 0;
  for (const run of countedRuns(history)) {
    if (run.state === 'did not end') unended++;
    for (const { drill, verdict: result } of run.drills) {
      const key = `${drill}\n${result}`;
      results.set(key, { labels: { drill, result }, value: (results.get(key)?.value ?? 0) + 1 });
    }
  }
  return [
    {
      name: `${PREFIX}_results`,
      type: 'counter',
      help: 'Results of the drill so far, by verdict.',
      samples: [...results].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, sample]) => sample),
    },
    {
      name: `${PREFIX}_unfinished_runs`,
      type: 'counter',
      help: 'Runs so far that started and did not end.',
      samples: [{ labels: {}, value: unended }],
    },
  ];
}
