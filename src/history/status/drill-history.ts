// What is known of each drill: its last result, its last recovery, and the recoveries before it.
import type { Occurrence, PastRun } from '../runs/past-run.ts';
import { countedRuns, type History } from '../runs/history.ts';
import { occurrencesOf } from '../runs/past-run.ts';
import { DEFAULT_SAMPLES } from './percentile.ts';

export interface DrillHistory {
  readonly drill: string;
  /** Null if it never had a result. */
  readonly last: Occurrence | null;
  /** A run that was started with it after its last result, and did not end. */
  readonly unended: PastRun | null;
  readonly lastRecovered: Occurrence | null;
  /** Newest first, including the last one: as many as were asked for, if there are as many. */
  readonly recoveries: readonly Occurrence[];
}

type Collected = { -readonly [K in keyof DrillHistory]: DrillHistory[K] } & { recoveries: Occurrence[] };

export interface CollectOptions {
  /** How many recoveries of each drill. Default 20. */
  readonly samples?: number | undefined;
  /** Drills that have to be there although no run may have been started with them. */
  readonly required?: readonly string[];
}

/** Reads runs from the newest on until everything is known about every drill. Returns the drills sorted by name. */
export function collectDrills(
  history: History,
  { samples = DEFAULT_SAMPLES, required = [] }: CollectOptions = {},
): DrillHistory[] {
  const drills = new Map<string, Collected>();
  const open = new Set<string>();
  const find = (drill: string): Collected => {
    const known = drills.get(drill);
    if (known) return known;
    const created: Collected = { drill, last: null, unended: null, lastRecovered: null, recoveries: [] };
    drills.set(drill, created);
    open.add(drill);
    return created;
  };
  for (const name of [...history.drillNames, ...required]) find(name);
  for (const run of countedRuns(history)) {
    if (open.size === 0) break;
    if (run.state === 'did not end')
      for (const drill of run.planned.map(find)) if (!drill.last) drill.unended ??= run;
    for (const occurrence of occurrencesOf(run)) {
      const drill = find(occurrence.result.drill);
      drill.last ??= occurrence;
      if (occurrence.result.verdict === 'recovered' && drill.recoveries.length < samples) {
        drill.lastRecovered ??= occurrence;
        drill.recoveries.push(occurrence);
      }
      if (drill.recoveries.length >= samples) open.delete(drill.drill);
    }
  }
  return [...drills.values()].sort((a, b) => (a.drill < b.drill ? -1 : 1));
}
