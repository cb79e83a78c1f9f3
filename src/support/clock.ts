// Time, in one place: durations come from a monotonic clock, UTC is only for people to read.

/** Seconds on a clock that never jumps; only differences mean anything. */
export const monotonic = (): number => performance.now() / 1000;

/** The present moment as UTC text, e.g. `2026-11-23T02:15:07.123Z`. */
export const utcNow = (): string => new Date().toISOString();

/** Rounds a number of a report to three decimal places: seconds to milliseconds. */
export const roundToThousandths = (value: number): number => Math.round(value * 1000) / 1000;

/** A length of time, in seconds. The brand keeps bare numbers (milliseconds?) out of objectives and limits. */
export type Seconds = number & { readonly unit: 'seconds' };

/** Returns a duration of `value` seconds. @throws RangeError unless `value` is a finite number of at least 0 */
export function seconds(value: number): Seconds {
  if (!Number.isFinite(value) || value < 0)
    throw new RangeError(`expected a duration of at least 0 seconds, got ${value}`);
  return value as Seconds;
}

/** Returns a duration of `value` minutes. @throws RangeError as `seconds` does */
export const minutes = (value: number): Seconds => seconds(value * 60);

/** `61.234` becomes `1 min 1.2 s`. */
export function formatSeconds(value: number): string {
  if (value < 1) return `${Math.round(value * 1000)} ms`;
  if (value < 60) return `${value.toFixed(1)} s`;
  return `${Math.floor(value / 60)} min ${(value % 60).toFixed(1)} s`;
}
