// The nights of the last year: what each one's runs ended with, and on which none ran although a drill was due.
import type { PastRun } from '../runs/past-run.ts';

/** Sorted from bad to good: a night with several runs is as bad as the worst of them. */
export const NIGHT_STATES = [
  'not-recovered',
  'did not end',
  'inconclusive',
  'missing',
  'recovered',
  'running',
  'none',
] as const;
export type NightState = (typeof NIGHT_STATES)[number];

export interface Night {
  /** UTC date of the starts, e.g. `2026-11-23`. */
  readonly date: string;
  readonly state: NightState;
  readonly runs: readonly PastRun[];
  /** Drills that were due and did not run, on a night without a run. */
  readonly due: readonly string[];
}

/** When a drill had a result, and how often it needs one. */
export interface Due {
  readonly drill: string;
  readonly requiredSeconds: number;
  /** Starts of the runs in which it had a result, in UTC, oldest first. */
  readonly results: readonly string[];
}

const DAY_MS = 86_400_000;
const DAY = 86_400;

export const dateOf = (at: string | number): string => new Date(at).toISOString().slice(0, 10);

/**
 * Returns one night for each day from `from` to `to`, dates in UTC.
 * @param runs in any order
 */
export function buildNights(
  runs: readonly PastRun[],
  due: readonly Due[],
  from: string,
  to: string,
): Night[] {
  const started = runs.filter(({ state }) => state !== 'withdrawn');
  const byDate = Map.groupBy(started, ({ startedAt }) => dateOf(startedAt));
  const missing = findMissing(due, `${to}T23:59:59.999Z`);
  const nights: Night[] = [];
  for (let day = Date.parse(from); day <= Date.parse(to); day += DAY_MS) {
    const date = dateOf(day);
    const here = byDate.get(date) ?? [];
    const absent = here.length === 0 ? [...(missing.get(date) ?? [])] : [];
    nights.push({ date, state: stateOf(here, absent), runs: here, due: absent });
  }
  return nights;
}

function stateOf(runs: readonly PastRun[], due: readonly string[]): NightState {
  if (runs.length === 0) return due.length > 0 ? 'missing' : 'none';
  const states: string[] = runs.map(({ state, verdict }) =>
    state === 'ended' ? (verdict ?? 'did not end') : state,
  );
  return NIGHT_STATES.find((state) => states.includes(state)) ?? 'none';
}

/**
 * Returns the drills that were due, by date. A drill is due on a date if the time since its last result became longer than is allowed,
 * from the night on which it would have been in time: a rule of 26 hours means every night, with two hours for a night that starts late.
 */
function findMissing(due: readonly Due[], until: string): ReadonlyMap<string, ReadonlySet<string>> {
  const missing = new Map<string, Set<string>>();
  for (const { drill, requiredSeconds, results } of due)
    for (const [index, at] of results.entries()) {
      const [start, next] = [Date.parse(at), Date.parse(results[index + 1] ?? until)];
      if (next - start <= requiredSeconds * 1000) continue;
      const period = requiredSeconds > DAY ? requiredSeconds - (requiredSeconds % DAY) : requiredSeconds;
      for (let day = Date.parse(dateOf(start + period * 1000)); day < next; day += DAY_MS)
        missing.set(dateOf(day), (missing.get(dateOf(day)) ?? new Set()).add(drill));
    }
  return missing;
}
