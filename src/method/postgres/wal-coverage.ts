// How far archived WAL reaches beyond a base backup, read before anything is restored: by the names of its segments, and by the
// transactions that pg_waldump finds in them.
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { finding } from '../../support/errors.ts';
import { runSidecar } from '../container/sidecar.ts';
import type { TextMetadata } from '../../model/method.ts';
import { filesIn } from './wal-archive.ts';
import { inspectVolume, type Volume } from '../container/volume.ts';
import { chainAfter, endOfTransaction, momentOf, timeOf, type Chain, type Moment } from './wal.ts';

/** `latest` lies after every commit. */
export type Goal = Moment | 'latest';

export const liesAfter = (moment: Moment, goal: Goal): boolean => goal !== 'latest' && moment > goal;

export interface Reach {
  readonly chain: Chain;
  /** The last transaction up to the goal. */
  readonly upTo: Moment | undefined;
  /** The last transaction in the unbroken part of the WAL. */
  readonly last: Moment | undefined;
  /** Whether one was found that ended after the goal: only then is it certain that none before it is missing. */
  readonly passed: boolean;
  /** pg_waldump's own, where it could not read on. */
  readonly damage: string | undefined;
}

/** Reads the times of all transactions in the WAL that follows the base without a gap. */
export async function reachOf(archive: Volume, claim: TextMetadata, goal: Goal): Promise<Reach> {
  const { image = '', owner = '', lastSegment = '', segmentBytes = '' } = claim;
  // A mount by name would make it, empty.
  if (!(await inspectVolume(archive)))
    throw finding(`there is no volume ${archive.name} with archived WAL on ${archive.node.name}`, {
      code: 'no-volume',
      node: archive.node.name,
      hint: 'restore the archived WAL first, on the node of the database',
    });
  const chain = chainAfter(lastSegment, await filesIn(archive, '', segmentBytes), Number(segmentBytes));
  const [first] = chain.whole;
  if (first === undefined)
    return { chain, upTo: undefined, last: undefined, passed: false, damage: undefined };
  const read = await runSidecar(
    archive.node,
    {
      image,
      user: owner,
      argv: ['pg_waldump', '--path=/archive', '--rmgr=Transaction', first, chain.whole.at(-1) ?? first],
      volumes: { [archive.name]: '/archive:ro' },
    },
    (stdout) => transactions(stdout, goal),
  );
  return { chain, ...read.output, damage: read.exitCode === 0 ? undefined : read.stderr.trim() };
}

async function transactions(stdout: Readable, goal: Goal) {
  let upTo: Moment | undefined;
  let last: Moment | undefined;
  let passed = false;
  for await (const line of createInterface({ input: stdout })) {
    const end = endOfTransaction(line);
    if (end === undefined) continue;
    last = end;
    passed ||= liesAfter(end, goal);
    if (!passed) upTo = end;
  }
  return { upTo, last, passed };
}

export function refuseUnlessReached(
  { chain, last, passed, damage }: Reach,
  goal: Goal,
  claim: TextMetadata,
): void {
  const broken = damage !== undefined || chain.beyond.length > 0;
  const furthest = last ?? momentOf(claim['ended'] ?? '');
  if (passed || goal === furthest || (goal === 'latest' && !broken)) return;
  const upTo = furthest === undefined ? 'the end of the base backup' : timeOf(furthest);
  const asked = goal === 'latest' ? 'the end of the WAL' : timeOf(goal);
  const hint = `name a time up to ${upTo}, or find what is missing and restore the WAL again`;
  if (damage !== undefined)
    throw finding(`the WAL is damaged on the way to ${asked}: one could recover up to ${upTo}`, {
      code: 'wal-damaged',
      output: damage,
      hint,
    });
  if (chain.beyond.length > 0)
    throw finding(
      `the WAL segment ${chain.missing} is missing or cut on the way to ${asked}: one could recover up to ${upTo}`,
      { code: 'wal-gap', output: `there after it: ${chain.beyond.join(' ')}`, hint },
    );
  throw finding(
    `the archived WAL ends before ${asked}: its last segment is ${chain.whole.at(-1) ?? claim['lastSegment']}, and one could recover up to ${upTo}`,
    { code: 'wal-ends', hint: `name a time up to ${upTo}, or latest; or restore WAL that was kept later` },
  );
}
