// Which other drills ran on the same machine: drills share its cores and its disk, so times are comparable only if this was the same.
import type { JournalEvent } from '../../drill/events.ts';
import { selectEvents } from '../journal-reader.ts';
import type { Report } from '../schema.ts';
import { roundToThousandths } from '../../support/clock.ts';

type SideBySide = NonNullable<Report['sideBySide']>;

/** Returns null for a journal that does not say: of an older version, or of a test that runs next to unknown others. */
export function measureOthers(events: readonly JournalEvent[], marks: Report['marks']): SideBySide | null {
  const changes = selectEvents(events, 'others');
  if (changes.length === 0) return null;
  const end = events.at(-1)?.t ?? 0;
  const intervals = changes.map(({ t, names }, index) => ({
    offset: t,
    seconds: roundToThousandths((changes[index + 1]?.t ?? end) - t),
    others: [...names],
  }));
  return {
    most: Math.max(...intervals.map(({ others }) => others.length)),
    duringRecovery: meanBetween(intervals, marks.disaster, marks.firstResponse),
    intervals,
  };
}

/** Returns the mean number of others, weighted by time. */
function meanBetween(
  intervals: SideBySide['intervals'],
  from: number | null,
  to: number | null,
): number | null {
  if (from === null || to === null || to <= from) return null;
  const overlaps = intervals.map(({ offset, seconds, others }) => {
    const overlap = Math.min(to, offset + seconds) - Math.max(from, offset);
    return Math.max(0, overlap) * others.length;
  });
  return roundToThousandths(overlaps.reduce((sum, one) => sum + one, 0) / (to - from));
}

interface Compared {
  readonly name: string;
  readonly duringRecovery: number | null;
}

/** Smaller differences are between drills that overlapped for moments more or less. */
const SAME = 0.1;

/**
 * Returns why the recovery times of these drills are not comparable; null if they are, or if there is nothing to compare.
 * @param drills those whose recovery time was measured
 */
export function warnOfUnequalLoad(drills: readonly Compared[]): string | null {
  const known = drills.flatMap(({ name, duringRecovery }) =>
    duringRecovery === null ? [] : [{ name, others: duringRecovery }],
  );
  const [least, ...rest] = known.toSorted((a, b) => a.others - b.others);
  const most = rest.at(-1);
  if (!least || !most || most.others - least.others <= SAME) return null;
  return (
    `Recovery times are not comparable: while it recovered, ${least.name} shared its machine with ` +
    `${formatOthers(least.others)} and ${most.name} with ${formatOthers(most.others)}. ` +
    'Run them with --jobs 1 to compare them.'
  );
}

/** Returns e.g. `no other drill`, `1 other drill` or `0.6 other drills on average`. */
export function formatOthers(mean: number): string {
  if (mean === 0) return 'no other drill';
  if (!Number.isInteger(mean)) return `${mean.toFixed(1)} other drills on average`;
  return mean === 1 ? '1 other drill' : `${mean} other drills`;
}
