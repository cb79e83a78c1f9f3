// Formats numbers, sizes and times for a page.
import { formatSeconds } from '../../support/clock.ts';

export const NOT_MEASURED = 'not measured';

export const formatTime = (seconds: number | null): string =>
  seconds === null ? NOT_MEASURED : seconds === 0 ? '0 s' : formatSeconds(seconds);

/** Formats an objective the way drills write it: `90 s`. */
export const formatObjective = (seconds: number | null): string =>
  seconds === null
    ? 'none set'
    : Number.isInteger(seconds) && seconds < 600
      ? `${seconds} s`
      : formatSeconds(seconds);

export const formatShare = (part: number, whole: number): string =>
  whole > 0 ? `${((100 * part) / whole).toFixed(part / whole < 0.1 ? 1 : 0)} %` : '';

/** Returns `part` of `whole` as a CSS percentage, clamped to 0 to 100. */
export const cssPercent = (part: number, whole: number): string =>
  `${whole > 0 ? Math.min(100, Math.max(0, (100 * part) / whole)).toFixed(3) : 0}%`;

export const formatInteger = (value: number): string => value.toLocaleString('en-US');

/** Formats `43201877` as `43.2 MB`. */
export function formatSize(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = Math.min(bytes < 1 ? 0 : Math.floor(Math.log10(bytes) / 3), units.length - 1);
  return `${(bytes / 1000 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`;
}

/** Formats a time as `2026-11-23 02:15:07 UTC`. */
export const formatMoment = (utc: string): string => `${utc.slice(0, 10)} ${utc.slice(11, 19)} UTC`;

/** Formats a time as `23 November 2026, 02:15 UTC`. */
export const formatLongDate = (utc: string): string =>
  `${new Date(utc).toLocaleDateString('en-GB', { day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' })}, ${utc.slice(11, 16)} UTC`;

/** Returns `1 check` or `3 checks`. */
export const pluralize = (count: number, noun: string): string =>
  `${formatInteger(count)} ${noun}${count === 1 ? '' : 's'}`;
