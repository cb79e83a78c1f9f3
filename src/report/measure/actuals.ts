// Measures a drill's actuals: how long until the application answered (RTA), and which acknowledged writes were lost (RPA).
import type { JournalEvent, Mark } from '../../drill/events.ts';
import { roundToThousandths } from '../../support/clock.ts';
import { selectEvents } from '../journal-reader.ts';
import type { Report } from '../schema.ts';

/** Returns the seconds from the start of the drill to its marks: the first disaster, the first response after it, the last check. */
export function findMarks(events: readonly JournalEvent[]): Report['marks'] {
  const marks = selectEvents(events, 'mark');
  const disaster = marks.find(({ mark }) => mark === 'disaster')?.t ?? null;
  const after = (name: Mark): number[] =>
    marks.filter(({ mark, t }) => mark === name && disaster !== null && t >= disaster).map(({ t }) => t);
  const [firstResponse, proven] = [after('first-response')[0], after('proven').at(-1)];
  return { disaster: round(disaster), firstResponse: round(firstResponse), proven: round(proven) };
}

export function measureActuals(events: readonly JournalEvent[], marks: Report['marks']): Report['actual'] {
  const since = (t: number | null): number | null =>
    t === null || marks.disaster === null ? null : round(t - marks.disaster);
  return {
    rtaSeconds: since(marks.firstResponse),
    provenSeconds: since(marks.proven),
    ...measureWrites(events, marks.disaster),
  };
}

type Writes = Omit<Report['actual'], 'rtaSeconds' | 'provenSeconds'>;

/**
 * Measures the RPA back to the last write before the first lost one. When the first write was lost, no write shows how far the loss
 * reaches back: the RPA is at least the time since then. Continuous writes may be acknowledged after the disaster and lost: the time
 * up to the last of them counts, too.
 */
function measureWrites(events: readonly JournalEvent[], disaster: number | null): Writes {
  const batches = listAcknowledged(events, disaster);
  const acknowledged = new Set(batches.flatMap(({ ids }) => ids));
  const answers = selectEvents(events, 'surviving');
  const unknown = { lostWrites: null, lostBeforeBackup: null, rpaSeconds: null, rpaIsLowerBound: false };
  if (disaster === null || answers.length === 0 || acknowledged.size === 0)
    return { acknowledgedWrites: acknowledged.size, ...unknown };

  const surviving = new Set(answers.flatMap(({ ids }) => ids));
  const backup = selectEvents(events, 'phase').find(({ phase }) => phase === 'backup')?.t;
  const lost = batches.flatMap(({ t, ids }) =>
    ids.filter((id) => !surviving.has(id)).map((id) => ({ id, t })),
  );
  const early = backup === undefined ? null : lost.filter(({ t }) => t < backup);
  const firstLost = lost[0]?.t;
  const intact = batches.findLast(({ t }) => firstLost !== undefined && t < firstLost);
  const good = intact ?? batches[0];
  const end = Math.max(disaster, lost.at(-1)?.t ?? 0);
  return {
    acknowledgedWrites: acknowledged.size,
    lostWrites: new Set(lost.map(({ id }) => id)).size,
    lostBeforeBackup: early && new Set(early.map(({ id }) => id)).size,
    rpaSeconds: firstLost === undefined || !good ? 0 : round(end - good.t),
    rpaIsLowerBound: firstLost !== undefined && !intact,
  };
}

/** Lists the acknowledged writes in the order of their time: those up to the disaster, and every continuous one. */
function listAcknowledged(
  events: readonly JournalEvent[],
  disaster: number | null,
): { readonly t: number; readonly ids: readonly string[] }[] {
  return events.flatMap((event) => {
    if (event.event === 'written' && (disaster === null || event.t <= disaster))
      return [{ t: event.t, ids: event.ids }];
    return event.event === 'attempt' && event.error === null ? [{ t: event.t, ids: [event.id] }] : [];
  });
}

function round<T extends number | null | undefined>(seconds: T): T extends number ? number : number | null;
function round(seconds: number | null | undefined): number | null {
  return seconds == null ? null : roundToThousandths(seconds);
}
