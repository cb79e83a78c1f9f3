// The baseline that later recoveries are compared with: what the last recoveries of each drill took, and how fast the machine was.
import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Report } from '../../report/schema.ts';
import { roundToThousandths, utcNow } from '../../support/clock.ts';
import { usage } from '../../support/errors.ts';
import { writeAtomically } from '../../support/write-file.ts';
import type { Occurrence } from '../runs/past-run.ts';
import type { DrillHistory } from '../status/drill-history.ts';
import { type Percentile, summarize } from '../status/percentile.ts';

export const BASELINE_FILE = 'baseline.json';
const SCHEMA = 'swarm-drill/baseline@1';

/** What is compared. All are seconds, and less is better. */
export const METRICS = ['rta', 'rpa', 'proven', 'total'] as const;
export type Metric = (typeof METRICS)[number];

/** How fast the machine was, and how much of it the drill had. */
export interface Load {
  /** Median of the time that tar and zstd took for the drill's own data, in seconds; null if no run measured it. */
  readonly packSeconds: number | null;
  /** Mean number of other drills during the recoveries; null if it is not known. */
  readonly others: number | null;
}

export interface DrillBaseline extends Load {
  /** UTC, of the oldest and the newest recovery. */
  readonly from: string;
  readonly to: string;
  readonly engine: string;
  readonly size: string;
  readonly metrics: Readonly<Partial<Record<Metric, Percentile>>>;
}

export interface Baseline {
  readonly schema: typeof SCHEMA;
  /** UTC. */
  readonly savedAt: string;
  readonly drills: Readonly<Record<string, DrillBaseline>>;
}

/** Returns null for a drill that never recovered. @param packTimes of its recoveries, in seconds, as far as they are known */
export function describeRecoveries(
  recoveries: readonly Occurrence[],
  packTimes: readonly number[],
): DrillBaseline | null {
  const [newest] = recoveries;
  const oldest = recoveries.at(-1);
  if (!newest || !oldest) return null;
  const measured = METRICS.flatMap((metric) => {
    const summary = summarize(recoveries.flatMap(({ result }) => result[metric] ?? []));
    return summary ? [[metric, summary] as const] : [];
  });
  return {
    from: oldest.run.startedAt,
    to: newest.run.startedAt,
    engine: newest.result.engine,
    size: newest.result.size,
    metrics: Object.fromEntries(measured),
    packSeconds: summarize(packTimes)?.median ?? null,
    others: mean(recoveries.flatMap(({ result }) => result.others ?? [])),
  };
}

export const mean = (values: readonly number[]): number | null =>
  values.length === 0
    ? null
    : roundToThousandths(values.reduce((sum, value) => sum + value, 0) / values.length);

/** Describes the recoveries of every drill, with the baseline timings of those whose reports are still there. */
export async function buildBaseline(reports: string, drills: readonly DrillHistory[]): Promise<Baseline> {
  const described = await Promise.all(
    drills.map(async ({ drill, recoveries }) => {
      const timings = await Promise.all(recoveries.map((one) => readPackSeconds(reports, one)));
      const baseline = describeRecoveries(recoveries, timings.flat());
      return baseline ? [[drill, baseline] as const] : [];
    }),
  );
  return { schema: SCHEMA, savedAt: utcNow(), drills: Object.fromEntries(described.flat()) };
}

export async function writeBaseline(file: string, baseline: Baseline): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeAtomically(file, `${JSON.stringify(baseline, undefined, 2)}\n`);
}

/** @throws DrillError `usage` for a file that does not exist, or is not a baseline */
export async function readBaseline(file: string): Promise<Baseline> {
  const hint = `Save one with \`swarm-drill history --save-baseline\` after some runs, or name its file with --baseline.`;
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw usage(`${file}: no baseline can be read (${(error as NodeJS.ErrnoException).code})`, hint);
  });
  const value = parse(text);
  if (value?.schema !== SCHEMA || typeof value.drills !== 'object')
    throw usage(`${file}: expected a baseline (${SCHEMA}), got ${value?.schema ?? 'something else'}`, hint);
  return value as Baseline;
}

function parse(text: string): Partial<Baseline> | null {
  try {
    return JSON.parse(text) as Partial<Baseline> | null;
  } catch {
    return null;
  }
}

/** Returns the baseline timing of the drill in this run; none if it did not measure one, or its report is gone. */
export async function readPackSeconds(reports: string, { run, result }: Occurrence): Promise<number[]> {
  const file = join(reports, run.directory, result.drill, 'report.json');
  try {
    return packSecondsOf(JSON.parse(await readFile(file, 'utf8')) as Report);
  } catch {
    return [];
  }
}

export const packSecondsOf = ({ baselineTiming }: Pick<Report, 'baselineTiming'>): number[] =>
  baselineTiming ? [roundToThousandths(baselineTiming.seconds + baselineTiming.unpackSeconds)] : [];
