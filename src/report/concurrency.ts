// What a run gained by having several drills at one time.
import { formatSeconds, roundToThousandths } from '../support/clock.ts';
import type { Report, Run } from './schema.ts';

/**
 * Adds up the drills' times, and the time in which at least one ran. Times between drills don't count: the runs of a merged report may
 * be days apart.
 */
export function measureConcurrency(
  drills: readonly Pick<Report, 'startedAt' | 'totalSeconds'>[],
): Run['concurrency'] {
  let drillSeconds = 0;
  let elapsedSeconds = 0;
  let last = Number.NEGATIVE_INFINITY;
  const intervals = drills.map(({ startedAt, totalSeconds }) => ({
    from: Date.parse(startedAt) / 1000,
    seconds: totalSeconds,
  }));
  for (const { from, seconds } of intervals.toSorted((a, b) => a.from - b.from)) {
    drillSeconds += seconds;
    elapsedSeconds += Math.max(0, from + seconds - Math.max(from, last));
    last = Math.max(last, from + seconds);
  }
  return {
    drillSeconds: roundToThousandths(drillSeconds),
    elapsedSeconds: roundToThousandths(elapsedSeconds),
    gain: elapsedSeconds > 0 ? roundToThousandths(drillSeconds / elapsedSeconds) : 1,
  };
}

/** A smaller gain is that of drills that overlapped for a moment, or not at all. */
const NOTABLE = 1.05;

/**
 * Returns e.g. `the drills took 12 min 0.0 s in total, in 7 min 0.0 s: at most 1.7 times as fast as one after the other`; null if they
 * ran one after the other. It is an upper bound: drills that share a machine are slower than those that have it for themselves.
 */
export function describeGain({ drillSeconds, elapsedSeconds, gain }: Run['concurrency']): string | null {
  if (gain < NOTABLE) return null;
  return (
    `the drills took ${formatSeconds(drillSeconds)} in total, in ${formatSeconds(elapsedSeconds)}: ` +
    `at most ${gain.toFixed(1)} times as fast as one after the other`
  );
}
