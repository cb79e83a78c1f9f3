// The evidence of a period: the entries of the ledger, and the statements and attestations of the runs that are still there.
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { EndEntry, LedgerEntry, MergeEntry, StartEntry } from '../../evidence/ledger/entry.ts';
import { readLedger } from '../../evidence/ledger/read.ts';
import { usage } from '../../support/errors.ts';
import { readRunEvidence, type RunEvidence } from '../source.ts';

export interface PeriodRun {
  readonly directory: string;
  /** UTC. */
  readonly startedAt: string;
  /** Null for a run that started and did not end. */
  readonly end: EndEntry | MergeEntry | null;
  /** Null if its files are gone, or it has no statement. */
  readonly evidence: RunEvidence | null;
  /** Why retention removed its files; null if it did not. */
  readonly removed: string | null;
}

export interface PeriodEvidence {
  /** Dates in UTC, both included. */
  readonly from: string;
  readonly to: string;
  /** Oldest first. */
  readonly runs: readonly PeriodRun[];
  /** Directories by the digest of the run's statement, of all runs in the ledger. */
  readonly byStatement: ReadonlyMap<string, string>;
  /** Hash of the last line of the ledger. */
  readonly head: string;
}

/** @throws DrillError `usage` if there is no ledger, or a date is none */
export async function readPeriod(reports: string, from: string, to: string): Promise<PeriodEvidence> {
  for (const date of [from, to])
    if (!/^\d{4}-\d{2}-\d{2}$/.test(date) || Number.isNaN(Date.parse(date)))
      throw usage(`expected a date, got "${date}"`, 'Write dates like 2026-07-01.');
  const { entries, head, lines } = await readLedger(reports);
  if (lines === 0)
    throw usage(
      `${reports}: no ledger.jsonl`,
      'Pass the directory of reports in which the runs and their ledger are.',
    );
  const runs = new Map<string, PeriodRun>();
  for (const [run, own] of Map.groupBy(entries, (entry) => entry.run)) {
    const period = await readRun(reports, own);
    const day = period.startedAt.slice(0, 10);
    if (day >= from && day <= to) runs.set(run, period);
  }
  const ends = entries.filter(isEnd);
  return {
    from,
    to,
    runs: [...runs.values()].sort((a, b) => a.startedAt.localeCompare(b.startedAt)),
    byStatement: new Map(ends.map(({ statement, directory }) => [statement, directory])),
    head,
  };
}

const isEnd = (entry: LedgerEntry): entry is EndEntry | MergeEntry =>
  entry.event === 'end' || entry.event === 'merge';

async function readRun(reports: string, own: readonly LedgerEntry[]): Promise<PeriodRun> {
  const start = own.find((entry): entry is StartEntry => entry.event === 'start');
  const removed = own.find((entry) => entry.event === 'removed');
  const end = own.findLast(isEnd) ?? null;
  const { directory, at } = start ?? own[0] ?? { directory: '', at: '' };
  const home = path.join(reports, directory);
  const isThere = end !== null && existsSync(path.join(home, 'run.json'));
  return {
    directory,
    startedAt: at,
    end,
    removed: removed?.event === 'removed' ? removed.reason : null,
    evidence: isThere ? await readRunEvidence(home).catch(() => null) : null,
  };
}
