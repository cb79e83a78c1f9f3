// A position in Postgres' WAL, which every artifact records: how far a restore has to get.
import { z } from 'zod';

export const walPosition = z.object({
  /** A promotion begins a new one. */
  timeline: z.int().positive(),
  /** Log sequence number, as Postgres prints it: `0/3000158`. */
  lsn: z.string().regex(/^[0-9A-F]{1,8}\/[0-9A-F]{1,8}$/),
});
export type WalPosition = z.infer<typeof walPosition>;

const bytesOf = (lsn: string): bigint => {
  const [high = '', low = ''] = lsn.split('/');
  return (BigInt(`0x${high}`) << 32n) + BigInt(`0x${low}`);
};

/** Whether `lsn` is at `wanted` or after it, on the same timeline. */
export const reachesLsn = (lsn: string, wanted: string): boolean => bytesOf(lsn) >= bytesOf(wanted);

/** Returns the position that is furthest: on the highest timeline, then by its LSN. */
export const furthestOf = (first: WalPosition, ...others: readonly WalPosition[]): WalPosition =>
  others.reduce((furthest, one) => {
    if (one.timeline !== furthest.timeline) return one.timeline > furthest.timeline ? one : furthest;
    return reachesLsn(furthest.lsn, one.lsn) ? furthest : one;
  }, first);

/** Returns the name of the segment with the byte before the position. At a boundary `pg_walfile_name` names the next one since Postgres 17. */
export function segmentBefore({ timeline, lsn }: WalPosition, segmentBytes: number): string {
  const number = (bytesOf(lsn) - 1n) / BigInt(segmentBytes);
  const perLog = 2n ** 32n / BigInt(segmentBytes);
  const hex = (value: bigint | number): string => value.toString(16).toUpperCase().padStart(8, '0');
  return hex(timeline) + hex(number / perLog) + hex(number % perLog);
}

export const timelineOf = (segment: string): number => Number.parseInt(segment.slice(0, 8), 16);

export const formatPosition = ({ timeline, lsn }: WalPosition): string => `${lsn} on timeline ${timeline}`;
