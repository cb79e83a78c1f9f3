// A run as history knows it: from the ledger, or from its run.json if it is older than the ledger.
import type { Verdict } from '../../drill/verdict/verdict.ts';
import type { AttestationRole, DrillResult } from '../../evidence/ledger/entry.ts';

/**
 * `running`: on this machine, now. `withdrawn`: the request was wrong, so that nothing was started.
 */
export type RunState = 'ended' | 'running' | 'did not end' | 'withdrawn';

export interface PastRun {
  /** As in the ledger; null if it is not there. */
  readonly id: string | null;
  /** Its directory, relative to that of all runs. */
  readonly directory: string;
  readonly state: RunState;
  /** UTC. */
  readonly startedAt: string;
  /** UTC; null if it did not end. */
  readonly endedAt: string | null;
  /** Null if it did not end. */
  readonly verdict: Verdict | null;
  /** Names of the drills that it was started with. */
  readonly planned: readonly string[];
  /** Empty if it did not end. */
  readonly drills: readonly DrillResult[];
  readonly commit: string;
  readonly tool: string;
  /** SHA-256 of the payload of its statement; null without one. */
  readonly statement: string | null;
  readonly inLedger: boolean;
  /** Why its files were removed; null if they were not. */
  readonly removed: string | null;
  /** The run that it was merged into: its drills count there. */
  readonly mergedInto: string | null;
  /** What people signed about it. */
  readonly attested: readonly AttestationRole[];
}

/** One drill in one run. */
export interface Occurrence {
  readonly run: PastRun;
  readonly result: DrillResult;
}

/** Runs whose drills count: a run that was merged counts through the merged one, and a withdrawn one ran none. */
export const counts = ({ mergedInto, state }: PastRun): boolean =>
  mergedInto === null && state !== 'withdrawn';

/** Returns each of the run's drills with its result. */
export const occurrencesOf = (run: PastRun): Occurrence[] => run.drills.map((result) => ({ run, result }));
