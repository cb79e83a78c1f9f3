// Refuses a recovery that archived WAL does not cover, before anything is restored.
import { finding, usage } from '../../../support/errors.ts';
import type { BaseBackupMetadata } from '../base-backup.ts';
import { formatTarget, type RecoveryTarget } from './recovery-target.ts';
import { formatTimestamp, parseTimestamp } from './timestamp.ts';
import type { RestoredWal } from '../wal-archive.ts';
import type { WalCoverage } from './coverage.ts';
import { formatPosition, furthestOf, segmentBefore, type WalPosition } from './position.ts';

/** Returns the last position that was backed up, in the base backup or in WAL. A recovery to `latest` must reach it. */
export const lastPosition = (wal: readonly RestoredWal[], base: BaseBackupMetadata): WalPosition =>
  furthestOf(base.end, ...wal.map(({ end }) => end));

/**
 * Refuses WAL that was not restored for this recovery.
 * @returns the directory of the archive in its volume
 * @throws DrillError `usage` when it is in another volume or directory; `other-server`
 */
export function requireOneArchive(
  wal: readonly RestoredWal[],
  archive: string,
  base: BaseBackupMetadata,
): string {
  const [{ path } = { path: '' }] = wal;
  for (const one of wal) {
    if (one.volume !== archive || one.path !== path)
      throw usage(
        `archived WAL: is in more than one place (expected /${path} of volume ${archive}, got /${one.path} of ${one.volume})`,
        'Restore all WAL into the same volume, and pass the name of that volume.',
      );
    if (one.server !== base.server)
      throw finding(
        `archived WAL: is from another server than the base backup (expected ${base.server}, got ${one.server})`,
        { code: 'other-server', hint: 'Pass the WAL of the server that the base backup is from.' },
      );
  }
  return path;
}

/** Refuses a target that the WAL does not cover. @throws DrillError `wal-damaged`, `wal-gap`, `wal-ends`, `no-wal`, `other-timeline` */
export function requireCoverage(
  coverage: WalCoverage,
  target: RecoveryTarget,
  wal: readonly RestoredWal[],
  base: BaseBackupMetadata,
): void {
  if (target === 'latest') requireEnd(coverage, wal, base);
  else requireTime(coverage, target, base);
}

function requireTime(coverage: WalCoverage, target: RecoveryTarget, base: BaseBackupMetadata): void {
  const { last, passesTarget } = coverage;
  if (!passesTarget && target !== (last ?? parseTimestamp(base.ended)))
    throw endsEarly(coverage, base, formatTarget(target));
}

/** The end of the WAL is the last position that was backed up, or what follows it in an archive that was not lost. */
function requireEnd(coverage: WalCoverage, wal: readonly RestoredWal[], base: BaseBackupMetadata): void {
  const { chain, damage } = coverage;
  const wanted = lastPosition(wal, base);
  if (wal.length === 0 && chain.contiguous.length === 0 && chain.unreachable.length === 0)
    throw finding(
      `recovery target: there is no archived WAL after the base backup, which ends at ${base.ended}`,
      {
        code: 'no-wal',
        hint: `Restore archived WAL first, or name the end of the base backup as the target: ${base.ended}.`,
      },
    );
  if (wanted.timeline !== base.end.timeline)
    throw finding(
      `archived WAL: ends on timeline ${wanted.timeline}, which began after the base backup on timeline ${base.end.timeline}`,
      {
        code: 'other-timeline',
        hint: 'Restore a base backup of that timeline, or name a time before the promotion.',
      },
    );
  const segment = segmentBefore(wanted, base.segmentBytes);
  const isReached = segment <= base.lastSegment || chain.contiguous.includes(segment);
  if (!isReached || damage !== undefined || chain.unreachable.length > 0)
    throw endsEarly(coverage, base, `${formatPosition(wanted)}, the last position that was backed up`);
}

function endsEarly({ chain, last, damage }: WalCoverage, base: BaseBackupMetadata, wanted: string) {
  const furthest = last ?? parseTimestamp(base.ended);
  const upTo = furthest === undefined ? 'the end of the base backup' : formatTimestamp(furthest);
  const gap = `before ${wanted}; recovery is possible up to ${upTo}`;
  const hint = `Name a time up to ${upTo}, or find what is missing and restore the WAL again.`;
  if (damage !== undefined)
    return finding(`archived WAL: damaged ${gap}`, { code: 'wal-damaged', output: damage, hint });
  if (chain.unreachable.length > 0)
    return finding(`archived WAL: segment ${chain.missing} is missing or truncated ${gap}`, {
      code: 'wal-gap',
      output: `later segments: ${chain.unreachable.join(' ')}`,
      hint,
    });
  return finding(`archived WAL: ends with segment ${chain.contiguous.at(-1) ?? base.lastSegment} ${gap}`, {
    code: 'wal-ends',
    hint: `Name a time up to ${upTo}, or latest, or restore WAL that was backed up later.`,
  });
}
