// How numbers, sizes and moments read on a page.
import { formatSeconds } from '../../support/clock.ts';

export const NOT_MEASURED = 'not measured';

export const formatTime = (seconds: number | null): string =>
  seconds === null ? NOT_MEASURED : seconds === 0 ? '0 s' : formatSeconds(seconds);

/** An objective, the way it was asked for: `90 s`. */
export const formatObjective = (seconds: number | null): string =>
  seconds === null
    ? 'none set'
    : Number.isInteger(seconds) && seconds < 600
      ? `${seconds} s`
      : formatSeconds(seconds);

export const formatShare = (part: number, whole: number): string =>
  whole > 0 ? `${((100 * part) / whole).toFixed(part / whole < 0.1 ? 1 : 0)} %` : '';

/** For CSS: `part` of `whole` in percent, never outside of 0 to 100. */
export const cssPercent = (part: number, whole: number): string =>
  `${whole > 0 ? Math.min(100, Math.max(0, (100 * part) / whole)).toFixed(3) : 0}%`;

export const formatInteger = (value: number): string => value.toLocaleString('en-US');

/** `43201877` becomes `43.2 MB`. */
export function formatSize(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = Math.min(bytes < 1 ? 0 : Math.floor(Math.log10(bytes) / 3), units.length - 1);
  return `${(bytes / 1000 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`;
}

/** `2026-11-23 02:15:07 UTC` */
export const formatMoment = (utc: string): string => `${utc.slice(0, 10)} ${utc.slice(11, 19)} UTC`;

/** `23 November 2026, 02:15 UTC` */
export const formatLongDate = (utc: string): string =>
  `${new Date(utc).toLocaleDateString('en-GB', { day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' })}, ${utc.slice(11, 16)} UTC`;

/** `1 check`, `3 checks` */
export const pluralize = (count: number, noun: string): string =>
  `${formatInteger(count)} ${noun}${count === 1 ? '' : 's'}`;
