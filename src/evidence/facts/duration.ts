// Durations as people write them in evidence.yml: `26h`, `7d`.

/** A whole number with a unit: minutes, hours, days or weeks. */
export const DURATION = /^([1-9]\d*)(min|h|d|w)$/;

const UNITS: Readonly<Record<string, number>> = { min: 60, h: 3600, d: 86_400, w: 604_800 };

/** Returns the seconds of a duration like `26h`. @throws RangeError for another text */
export function parseDuration(text: string): number {
  const [, count, unit] = DURATION.exec(text) ?? [];
  const seconds = UNITS[unit ?? ''];
  if (count === undefined || seconds === undefined)
    throw new RangeError(`expected a duration like 26h, 7d or 4w, got "${text}"`);
  return Number(count) * seconds;
}
