// The point in time that a restore recovers to.
import { finding, usage } from '../../../support/errors.ts';
import { formatTimestamp, parseTimestamp, type Timestamp } from './timestamp.ts';

/** A time, or the end of the archived WAL: `latest` is after every commit. */
export type RecoveryTarget = Timestamp | 'latest';

/** Whether `timestamp` is after the target. */
export const isAfter = (timestamp: Timestamp, target: RecoveryTarget): boolean =>
  target !== 'latest' && timestamp > target;

export const formatTarget = (target: RecoveryTarget): string =>
  target === 'latest' ? 'the end of the WAL' : formatTimestamp(target);

/**
 * Parses a time with its zone, or `latest`.
 * @param baseEnded when the base backup ended
 * @throws DrillError `usage` for anything else; `target-before-base`
 */
export function parseTarget(to: string, baseEnded: string): RecoveryTarget {
  if (to === 'latest') return to;
  const target = parseTimestamp(to);
  if (target === undefined)
    throw usage(
      `recovery target: expected a time with its zone, got "${to}"`,
      'Write it as 2026-11-23T02:15:07.123456Z or 2026-11-23T03:15:07+01:00, or write latest.',
    );
  if (target < (parseTimestamp(baseEnded) ?? 0))
    throw finding(
      `recovery target: ${formatTimestamp(target)} is before the end of the base backup (${baseEnded})`,
      {
        code: 'target-before-base',
        hint: 'Name a later time, or restore an earlier base backup.',
      },
    );
  return target;
}
