// Long times, as people say them.

const HOUR = 3600;
const DAY = 24 * HOUR;

/** Formats `93784` as `26 h`, and times from two days on as e.g. `3 d 4 h`. */
export function formatAge(seconds: number): string {
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  if (seconds < HOUR) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 2 * DAY) return `${Math.floor(seconds / HOUR)} h`;
  const hours = Math.floor((seconds % DAY) / HOUR);
  return `${Math.floor(seconds / DAY)} d${hours > 0 ? ` ${hours} h` : ''}`;
}
