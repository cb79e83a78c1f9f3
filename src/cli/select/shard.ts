// Splits drills between machines that don't know each other: each of them computes the same split and runs its part.
import type { ShardFact } from '../../drill/events.ts';
import type { Drill } from '../../drill/plan.ts';
import { usage } from '../../support/errors.ts';
import type { PastDrill } from './history.ts';

/** Which part of how many, counted from 1. */
export interface Shard {
  readonly index: number;
  readonly of: number;
}

/** A selection, or the part of it that this machine runs. */
export interface SplitSelection {
  readonly drills: readonly Drill[];
  readonly shard: ShardFact;
}

/**
 * Returns the drills of one shard, in the order in which they came. Shards take about the same time if the drills take as long as in
 * their last run. A drill that never ran counts like the median of the others, so without any history drills are dealt out by name.
 * All shards need the same history: `report --merge` detects a drill that none of them ran, or two.
 * @throws DrillError `usage` for a shard that gets no drill
 */
export function splitForShard(
  drills: readonly Drill[],
  { index, of }: Shard,
  history: ReadonlyMap<string, PastDrill>,
): SplitSelection {
  const loads = Array.from({ length: of }, () => ({ seconds: 0, names: new Set<string>() }));
  const expected = expectSeconds(drills, history);
  // Longest first: the short ones at the end even out what the long ones left uneven.
  const longestFirst = [...expected].sort(([a, x], [b, y]) => y - x || compareText(a, b));
  for (const [name, seconds] of longestFirst) {
    const lightest = loads.reduce((least, load) => (load.seconds < least.seconds ? load : least));
    lightest.names.add(name);
    lightest.seconds += seconds;
  }
  const mine = drills.filter(({ name }) => loads[index - 1]?.names.has(name));
  if (mine.length === 0)
    throw usage(
      `expected at most as many shards as drills (${drills.length}), got ${of}: shard ${index} has nothing to run`,
      `Use --shard with at most ${drills.length} parts, or select more drills.`,
    );
  return { drills: mine, shard: { index, of, selection: drills.map(({ name }) => name) } };
}

/** Returns the seconds that each drill will probably take, by name. */
export function expectSeconds(
  drills: readonly Drill[],
  history: ReadonlyMap<string, PastDrill>,
): ReadonlyMap<string, number> {
  const known = drills.flatMap(({ name }) => history.get(name)?.totalSeconds ?? []).sort((a, b) => a - b);
  const median = known[known.length >> 1] ?? 1;
  return new Map(drills.map(({ name }) => [name, history.get(name)?.totalSeconds ?? median]));
}

/** The same on every machine, which a comparison by locale is not. */
const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
