// Parses a journal's text into events. A crash may cut the last line anywhere, so nothing here throws.
import type { EventName, JournalEvent } from '../drill/events.ts';

export interface ParsedJournal {
  readonly events: JournalEvent[];
  /** Lines that can't be parsed. A last line without a line break was cut off by a crash and doesn't count. */
  readonly damagedLines: number;
}

export type EventOf<N extends EventName> = Extract<JournalEvent, { event: N }>;

export const selectEvents = <N extends EventName>(events: readonly JournalEvent[], name: N): EventOf<N>[] =>
  events.filter((event): event is EventOf<N> => event.event === name);

/** Parses the lines it can. Makes times monotonic: a line is never earlier than the one before it. */
export function parseJournal(text: string): ParsedJournal {
  const lines = text.split('\n');
  const last = lines.pop() ?? '';
  const events = lines.map(parseLine);
  const cut = parseLine(last);
  if (cut) events.push(cut);
  let now = 0;
  return {
    events: events
      .filter((event) => event !== undefined)
      .map((event) => ({ ...event, t: (now = Math.max(now, event.t)) })),
    damagedLines: lines.filter((line, index) => line.trim() !== '' && events[index] === undefined).length,
  };
}

function parseLine(line: string): JournalEvent | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isEvent(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

const isEvent = (value: unknown): value is JournalEvent =>
  typeof value === 'object' &&
  value !== null &&
  't' in value &&
  Number.isFinite(value.t) &&
  'event' in value &&
  typeof value.event === 'string';
