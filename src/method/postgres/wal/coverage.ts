// How far archived WAL extends past a base backup. Read before anything is restored: from the names of its segments, and from the
// transactions that pg_waldump finds in them.
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { finding } from '../../../support/errors.ts';
import { runSidecar } from '../../container/sidecar.ts';
import { inspectVolume, type Volume } from '../../container/volume.ts';
import { listArchive } from './archive-volume.ts';
import type { BaseBackupMetadata } from '../base-backup.ts';
import { isAfter, type RecoveryTarget } from './recovery-target.ts';
import { parseTransactionEnd, type Timestamp } from './timestamp.ts';
import { chainSegments, type SegmentChain } from './segments.ts';

/** The directory of archived WAL: a volume, and a path relative to its root. */
export interface WalDirectory extends Volume {
  readonly path: string;
}

interface Transactions {
  /** The last transaction up to the target. */
  readonly upToTarget: Timestamp | undefined;
  /** The last transaction in the contiguous part of the WAL. */
  readonly last: Timestamp | undefined;
  /** Whether a transaction ended after the target. Only then is it certain that none before it is missing. */
  readonly passesTarget: boolean;
}

export interface WalCoverage extends Transactions {
  readonly chain: SegmentChain;
  /** The message of pg_waldump where it could not read on. */
  readonly damage: string | undefined;
}

/** Reads the times of all transactions in the WAL that follows the base backup without a gap. @throws DrillError `no-volume` */
export async function readWalCoverage(
  archive: WalDirectory,
  { image, owner, lastSegment, segmentBytes }: BaseBackupMetadata,
  target: RecoveryTarget,
): Promise<WalCoverage> {
  // Mounting a missing volume by name would create it, empty.
  if (!(await inspectVolume(archive)))
    throw finding(`${archive.node.name}: there is no volume ${archive.name} with archived WAL`, {
      code: 'no-volume',
      node: archive.node.name,
      hint: 'Restore the archived WAL first, on the node of the database.',
    });
  const archived = await listArchive(archive, archive.path, segmentBytes);
  const chain = chainSegments(lastSegment, archived, segmentBytes);
  const [first] = chain.contiguous;
  if (first === undefined)
    return { chain, upToTarget: undefined, last: undefined, passesTarget: false, damage: undefined };
  const last = chain.contiguous.at(-1) ?? first;
  const read = await runSidecar(
    archive.node,
    {
      image,
      user: owner,
      argv: ['pg_waldump', `--path=/archive/${archive.path}`, '--rmgr=Transaction', first, last],
      volumes: { [archive.name]: '/archive:ro' },
    },
    (stdout) => readTransactions(stdout, target),
  );
  return { chain, ...read.output, damage: read.exitCode === 0 ? undefined : read.stderr.trim() };
}

async function readTransactions(stdout: Readable, target: RecoveryTarget): Promise<Transactions> {
  let upToTarget: Timestamp | undefined;
  let last: Timestamp | undefined;
  let passesTarget = false;
  for await (const line of createInterface({ input: stdout })) {
    const end = parseTransactionEnd(line);
    if (end === undefined) continue;
    last = end;
    passesTarget ||= isAfter(end, target);
    if (!passesTarget) upToTarget = end;
  }
  return { upToTarget, last, passesTarget };
}
