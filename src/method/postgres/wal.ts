// Postgres' write-ahead log by the names of its segments and the times of its commits: how far an archive really reaches.
import { usage } from '../../support/errors.ts';

const SEGMENT = /^([0-9A-F]{8})([0-9A-F]{8})([0-9A-F]{8})$/;
const HISTORY = /^[0-9A-F]{8}\.history$/;

export const isSegment = (name: string): boolean => SEGMENT.test(name);
/** What a new timeline branched off from: archived beside the segments. */
export const isHistory = (name: string): boolean => HISTORY.test(name);

/** The name of the segment after `name` on the same timeline. */
export function nextSegment(name: string, segmentBytes: number): string {
  const [, timeline = '', log = '', segment = ''] = SEGMENT.exec(name) ?? [];
  const perLog = 2 ** 32 / segmentBytes;
  const next = Number.parseInt(log, 16) * perLog + Number.parseInt(segment, 16) + 1;
  const hex = (value: number): string => value.toString(16).toUpperCase().padStart(8, '0');
  return timeline + hex(Math.floor(next / perLog)) + hex(next % perLog);
}

export interface Chain {
  /** The segments that follow `after` without a gap. */
  readonly whole: readonly string[];
  /** The first one that is not there. */
  readonly missing: string;
  /** Segments of the same timeline that lie beyond it, out of reach. */
  readonly beyond: readonly string[];
}

/** @param there names of whole segments, in any order, of any timeline */
export function chainAfter(after: string, there: readonly string[], segmentBytes: number): Chain {
  const names = new Set(there);
  const whole: string[] = [];
  let missing = nextSegment(after, segmentBytes);
  for (; names.has(missing); missing = nextSegment(missing, segmentBytes)) whole.push(missing);
  const beyond = there.filter((name) => name.slice(0, 8) === after.slice(0, 8) && name > missing).sort();
  return { whole, missing, beyond };
}

/** Microseconds since 1970; commits carry times as fine as that. */
export type Moment = number & { readonly unit: 'microseconds' };

const TIME = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?(Z| UTC|[+-]\d\d:\d\d)$/;

export function momentOf(time: string): Moment | undefined {
  const [, day, clock, fraction = '', zone = ''] = TIME.exec(time) ?? [];
  const whole = Date.parse(`${day}T${clock}${zone === ' UTC' ? 'Z' : zone}`);
  return Number.isNaN(whole) ? undefined : ((whole * 1000 + Number(fraction.padEnd(6, '0'))) as Moment);
}

/** `2026-11-23T02:15:07.123456Z` */
export function timeOf(moment: Moment): string {
  const whole = Math.floor(moment / 1e6);
  return `${new Date(whole * 1000).toISOString().slice(0, 19)}.${String(moment - whole * 1e6).padStart(6, '0')}Z`;
}

/** The time that a person named. @throws DrillError of usage unless it is one, with its zone */
export function namedMoment(time: string): Moment {
  const moment = momentOf(time);
  if (moment !== undefined) return moment;
  throw usage(
    `expected a time with its zone to recover to, got "${time}"`,
    'write it as 2026-11-23T02:15:07.123456Z or 2026-11-23T03:15:07+01:00, or write latest',
  );
}

/** The moment at which the transaction of this line of pg_waldump ended, by commit or abort. */
export function endOfTransaction(line: string): Moment | undefined {
  const time = /desc: (?:COMMIT|ABORT)\S* .*?(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ UTC)/.exec(line)?.[1];
  return time === undefined ? undefined : momentOf(time);
}
