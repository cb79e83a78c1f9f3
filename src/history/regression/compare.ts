// Compares recoveries with a baseline. A recovery is slower than before only if it is slower than the machine's noise explains.
import { formatSeconds } from '../../support/clock.ts';
import { formatOthers } from '../../report/measure/side-by-side.ts';
import type { Percentile } from '../status/percentile.ts';
import { type DrillBaseline, type Load, type Metric, METRICS } from './baseline.ts';

/** Fewer recoveries say nothing about how much they vary. */
export const FEWEST_SAMPLES = 5;
/** By how much more than the 95th percentile a recovery may take: a share of the median, and some seconds of any median. */
const TOLERANCE = { share: 0.1, seconds: 1 };
/** Smaller differences in the mean number of other drills come from drills that overlapped for moments more or less. */
const SAME_LOAD = 0.25;

/** `slower` is a regression. `unproven`: there is too little to compare with, or the machine was not the same. */
export type Outcome = 'slower' | 'as before' | 'unproven';

export interface Comparison {
  readonly drill: string;
  readonly metric: Metric;
  readonly outcome: Outcome;
  /** Seconds; null if nothing was measured. */
  readonly now: number | null;
  /** Seconds; null without a baseline. */
  readonly limit: number | null;
  readonly detail: string;
}

/** What is compared with the baseline: one recovery, or the 95th percentile of the last ones. */
export interface Measured extends Load {
  readonly drill: string;
  readonly size: string;
  readonly metrics: Readonly<Partial<Record<Metric, number>>>;
}

const NAMES: Readonly<Record<Metric, string>> = {
  rta: 'recovery time',
  rpa: 'data loss window',
  proven: 'time to proven',
  total: 'time of the drill',
};

/** @param baseline undefined if the drill had never recovered when the baseline was saved */
export function compareWithBaseline(now: Measured, baseline: DrillBaseline | undefined): Comparison[] {
  const metrics = METRICS.filter((metric) => now.metrics[metric] !== undefined);
  return metrics.map((metric) => compareMetric(now, metric, baseline));
}

function compareMetric(now: Measured, metric: Metric, baseline: DrillBaseline | undefined): Comparison {
  const value = now.metrics[metric] ?? 0;
  const before = baseline?.metrics[metric];
  const common = { drill: now.drill, metric, now: value };
  const unproven = (detail: string, limit: number | null = null): Comparison => ({
    ...common,
    outcome: 'unproven',
    limit,
    detail: `${NAMES[metric]}: ${detail}`,
  });
  if (!baseline || !before) return unproven('the baseline has no recovery of this drill');
  if (before.count < FEWEST_SAMPLES)
    return unproven(`the baseline has ${before.count} recoveries (expected at least ${FEWEST_SAMPLES})`);
  if (now.size !== baseline.size)
    return unproven(`the amount of data is ${now.size}, that of the baseline ${baseline.size}`);
  const slowdown = measureSlowdown(now, baseline);
  const limit = limitOf(before, slowdown);
  const text =
    `${NAMES[metric]} ${formatSeconds(value)}, limit ${formatSeconds(limit)} ` +
    `(95 % of ${before.count} recoveries took at most ${formatSeconds(before.p95)}, half of them ${formatSeconds(before.median)}${describeSpeed(slowdown)})`;
  if (value <= limit) return { ...common, outcome: 'as before', limit, detail: text };
  const more = (now.others ?? 0) - (baseline.others ?? 0);
  if (more > SAME_LOAD)
    return unproven(
      `${text}; it shared the machine with ${formatOthers(now.others ?? 0)}, in the baseline with ${formatOthers(baseline.others ?? 0)}`,
      limit,
    );
  return { ...common, outcome: 'slower', limit, detail: text };
}

/** Returns how much slower the machine packed and unpacked the same data than in the baseline; 1 if that is not known, or it was faster. */
const measureSlowdown = ({ packSeconds: now }: Load, { packSeconds: before }: Load): number =>
  now !== null && before !== null && before > 0 ? Math.max(1, now / before) : 1;

const limitOf = ({ median, p95 }: Percentile, slowdown: number): number =>
  slowdown * (p95 + Math.max(TOLERANCE.seconds, TOLERANCE.share * median));

const describeSpeed = (slowdown: number): string =>
  slowdown > 1
    ? `; the machine was ${slowdown.toFixed(2)} times as slow as then, by its baseline timing`
    : '';
