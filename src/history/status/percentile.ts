// The 95th percentile of what was measured: how slow a recovery is on a bad day.

/** How many of the last recoveries count, unless an option says otherwise. */
export const DEFAULT_SAMPLES = 20;

export interface Percentile {
  /** Of how many values. With fewer than 20, it is the largest of them. */
  readonly count: number;
  readonly median: number;
  readonly p95: number;
}

/** Returns median and 95th percentile by nearest rank: each is a value that was measured. Null without values. */
export function summarize(values: readonly number[]): Percentile | null {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
  return sorted.length === 0 ? null : { count: sorted.length, median: at(0.5), p95: at(0.95) };
}
