// Measures how available the workload was while a drill kept writing through its disaster.
import type { JournalEvent } from '../../drill/events.ts';
import { selectEvents, type EventOf } from '../journal-reader.ts';
import type { Availability } from '../schema.ts';
import { roundToThousandths } from '../../support/clock.ts';

type Attempt = EventOf<'attempt'>;

/** A time in which no write was acknowledged, in seconds since the drill began. */
interface Gap {
  readonly from: number;
  readonly to: number;
  /** No write was acknowledged after it: it may have been longer. */
  readonly isOpen: boolean;
}

/** How many bars are drawn at most. */
const MOST_INTERVALS = 120;
/** In seconds. */
const SHORTEST_INTERVAL = 0.5;

/** Returns null if the drill made no such writes. */
export function measureAvailability(events: readonly JournalEvent[]): Availability | null {
  const attempts = selectEvents(events, 'attempt');
  const [first, last] = [attempts[0], attempts.at(-1)];
  if (!first || !last) return null;
  const began = selectEvents(events, 'phase').find(({ phase }) => phase === 'disaster')?.t;
  const acknowledged = attempts.filter(({ error }) => error === null);
  const around = findGaps(attempts).filter(({ to }) => began === undefined || to > began);
  const gap = around.toSorted((a, b) => b.to - b.from - (a.to - a.from))[0];
  const usual = acknowledged.filter(({ t }) => began === undefined || t <= began);
  return {
    attempts: attempts.length,
    failed: attempts.length - acknowledged.length,
    longestGapSeconds: gap ? roundToThousandths(gap.to - gap.from) : null,
    gapStartedAt: gap ? roundToThousandths(gap.from) : null,
    gapEndedAt: gap && !gap.isOpen ? roundToThousandths(gap.to) : null,
    usualSeconds: median(usual.map(({ seconds }) => seconds)),
    lostWrites: countLost(events, acknowledged),
    errors: countErrors(attempts),
    series: buildSeries(attempts, first.started, last.t),
  };
}

/**
 * Returns every time without an acknowledged write: from one acknowledgement to the next if attempts in between failed, else the time
 * that the one write took. Time in which nothing was attempted, as on a machine that was busy, is the workload's in neither case.
 */
function findGaps(attempts: readonly Attempt[]): Gap[] {
  const gaps: Gap[] = [];
  let since: number | undefined;
  let hasFailed = false;
  for (const { started, t, error } of attempts) {
    if (error === null) {
      gaps.push({ from: hasFailed && since !== undefined ? since : started, to: t, isOpen: false });
      since = t;
      hasFailed = false;
    } else {
      since ??= started;
      hasFailed = true;
    }
  }
  const end = attempts.at(-1)?.t ?? 0;
  return hasFailed && since !== undefined ? [...gaps, { from: since, to: end, isOpen: true }] : gaps;
}

/** Returns null if the drill never asked which writes survived. */
function countLost(events: readonly JournalEvent[], acknowledged: readonly Attempt[]): number | null {
  const answers = selectEvents(events, 'surviving');
  if (answers.length === 0) return null;
  const surviving = new Set(answers.flatMap(({ ids }) => ids));
  return acknowledged.filter(({ id }) => !surviving.has(id)).length;
}

/** Counts the failed attempts by reason, most frequent first. Reasons that differ only in the id of a container are one. */
function countErrors(attempts: readonly Attempt[]): Availability['errors'] {
  const counts = new Map<string, number>();
  for (const { error } of attempts) {
    if (error === null) continue;
    const reason = error.replaceAll(/\b[0-9a-f]{64}\b/g, '…');
    counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  return [...counts].map(([reason, count]) => ({ reason, count })).toSorted((a, b) => b.count - a.count);
}

/** Divides the time from the first attempt to the last into equal intervals. */
function buildSeries(attempts: readonly Attempt[], from: number, to: number): Availability['series'] {
  const doubled = Math.ceil((to - from) / MOST_INTERVALS / SHORTEST_INTERVAL);
  const seconds = SHORTEST_INTERVAL * Math.max(1, doubled);
  const intervals = Array.from({ length: Math.max(1, Math.ceil((to - from) / seconds)) }, (_, index) => ({
    offset: roundToThousandths(from + index * seconds),
    seconds,
    acknowledged: 0,
    failed: 0,
    slowestSeconds: 0,
  }));
  for (const { t, seconds: took, error } of attempts) {
    const interval = intervals[Math.min(Math.floor((t - from) / seconds), intervals.length - 1)];
    if (!interval) continue;
    if (error === null) interval.acknowledged++;
    else interval.failed++;
    interval.slowestSeconds = roundToThousandths(Math.max(interval.slowestSeconds, took));
  }
  return intervals;
}

function median(values: readonly number[]): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted[Math.floor(sorted.length / 2)];
  return middle === undefined ? null : roundToThousandths(middle);
}
