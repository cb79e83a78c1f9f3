// What the ledger says about the runs before this one: when the drills last recovered against how often they have to, and which runs
// never ended.
import type { Frequency } from '../facts/schema.ts';
import { parseDuration } from '../facts/duration.ts';
import type { EndEntry, LedgerEntry, MergeEntry } from '../ledger/entry.ts';
import type { EvidencePredicate } from './predicate.ts';

type Integrity = EvidencePredicate['integrity'];

/** @param before entries of the ledger before this run @param startedAt of this run, UTC */
export function measureCadence(
  frequency: readonly Frequency[],
  before: readonly LedgerEntry[],
  startedAt: string,
): Integrity['cadence'] {
  return frequency.map((rule) => {
    const previous = lastRecovery(before, rule);
    const age = previous === null ? null : Math.max(0, (Date.parse(startedAt) - Date.parse(previous)) / 1000);
    return {
      of: 'tag' in rule ? `tag ${rule.tag}` : `drill ${rule.drill}`,
      every: rule.every,
      previous,
      ageSeconds: age,
      overdue: age === null ? null : age > parseDuration(rule.every),
    };
  });
}

/** Returns the end of the last drills of the newest run that recovered: a merge may be much later than the runs that it joins. */
function lastRecovery(before: readonly LedgerEntry[], rule: Frequency): string | null {
  const ends = before
    .filter((entry) => entry.event === 'end' || entry.event === 'merge')
    .filter((entry) => recovers(entry, rule))
    .map(({ endedAt }) => endedAt);
  return ends.toSorted().at(-1) ?? null;
}

/** A tag has recovered in a run if that run had drills with it, and all of them recovered. */
function recovers(entry: EndEntry | MergeEntry, rule: Frequency): boolean {
  const due = entry.drills.filter(({ drill, tags }) =>
    'tag' in rule ? tags.includes(rule.tag) : drill === rule.drill,
  );
  return due.length > 0 && due.every(({ verdict }) => verdict === 'recovered');
}

/** Returns the runs that started and have no end. @param own run that is about to end */
export function findAborted(entries: readonly LedgerEntry[], own: string): Integrity['aborted'] {
  const ended = new Set(entries.filter(({ event }) => event !== 'start').map(({ run }) => run));
  return entries
    .filter(({ event, run }) => event === 'start' && run !== own && !ended.has(run))
    .map(({ run, directory, at }) => ({ run, directory, at }));
}
