// Times as fine as Postgres writes them into its WAL.

/** Microseconds since 1970. Commits carry times of this precision. */
export type Timestamp = number & { readonly unit: 'microseconds' };

const TIME = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?(Z| UTC|[+-]\d\d:\d\d)$/;

/** Returns the time, or undefined when it is malformed or has no time zone. */
export function parseTimestamp(time: string): Timestamp | undefined {
  const [, day, clock, fraction = '', zone = ''] = TIME.exec(time) ?? [];
  const whole = Date.parse(`${day}T${clock}${zone === ' UTC' ? 'Z' : zone}`);
  return Number.isNaN(whole) ? undefined : ((whole * 1000 + Number(fraction.padEnd(6, '0'))) as Timestamp);
}

export const isTimestamp = (time: string): boolean => parseTimestamp(time) !== undefined;

/** Formats as `2026-11-23T02:15:07.123456Z`. */
export function formatTimestamp(timestamp: Timestamp): string {
  const whole = Math.floor(timestamp / 1e6);
  return `${new Date(whole * 1000).toISOString().slice(0, 19)}.${String(timestamp - whole * 1e6).padStart(6, '0')}Z`;
}

/** Returns when the transaction in this line of `pg_waldump` ended, by commit or abort; undefined for every other line. */
export function parseTransactionEnd(line: string): Timestamp | undefined {
  const time = /desc: (?:COMMIT|ABORT)\S* .*?(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ UTC)/.exec(line)?.[1];
  return time === undefined ? undefined : parseTimestamp(time);
}
