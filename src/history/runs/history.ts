// All runs of a directory of reports, newest first: those of the ledger, and older ones that have only a run.json.
import { readLedgerText } from '../../evidence/ledger/read.ts';
import { readLedgerRuns } from './ledger-runs.ts';
import { readOlderRuns } from './older-runs.ts';
import { counts, type PastRun } from './past-run.ts';

export interface History {
  /** The directory of all runs. */
  readonly reports: string;
  /** Newest first. Each call reads from the newest on, and no further than the caller goes. */
  readonly runs: () => Iterable<PastRun>;
  /** Names of all drills that a run was ever started with. */
  readonly drillNames: ReadonlySet<string>;
  /** Numbers of damaged lines of the ledger, among those that were read so far. */
  readonly damaged: ReadonlySet<number>;
}

/** @param reports the directory with one directory per run; it need not exist */
export async function readHistory(reports: string): Promise<History> {
  const ledger = readLedgerRuns(await readLedgerText(reports));
  const older = await readOlderRuns(reports, ledger.directories());
  return {
    reports,
    damaged: ledger.damaged,
    drillNames: new Set([...older.toReversed().flatMap(({ planned }) => planned), ...ledger.started()]),
    runs: () => mergeNewestFirst(ledger.newestFirst(), older),
  };
}

/** Returns every run whose drills count, newest first. */
export function* countedRuns(history: History): Generator<PastRun> {
  for (const run of history.runs()) if (counts(run)) yield run;
}

function* mergeNewestFirst(recorded: Iterable<PastRun>, older: readonly PastRun[]): Generator<PastRun> {
  let next = 0;
  for (const run of recorded) {
    for (let one = older[next]; one && one.startedAt > run.startedAt; one = older[next]) {
      yield one;
      next++;
    }
    yield run;
  }
  yield* older.slice(next);
}
