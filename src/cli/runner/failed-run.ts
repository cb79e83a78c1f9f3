// A run that ended before its drills did: no lab, or a mistake in the request. What was recorded as started gets its end.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Drill } from '../../drill/plan.ts';
import { recordUnstarted } from '../../drill/verdict/unstarted.ts';
import { JOURNAL_FILE, writeRunReport } from '../../report/write.ts';
import { describeError, DrillError, hintOf, reasonOf } from '../../support/errors.ts';
import type { RunEvidence } from './evidence.ts';
import { type HistoryUpdate, updateHistory } from './update-history.ts';
import { formatRerunCommand, type RunSettings } from './settings.ts';

export interface FailedRun {
  readonly run: RunSettings;
  readonly drills: readonly Drill[];
  readonly evidence: RunEvidence;
  readonly history: HistoryUpdate;
  readonly error: unknown;
  readonly print: (text: string) => void;
}

/**
 * Withdraws a run that a mistake in the request kept from starting. In every other case each drill without a journal gets one that
 * says why, and the run is reported and sealed: a night without a lab is an inconclusive night, not a missing one.
 */
export async function concludeFailedRun({
  run,
  drills,
  evidence,
  history,
  error,
  print,
}: FailedRun): Promise<void> {
  const unstarted = drills.filter(({ name }) => !existsSync(join(run.directory, name, JOURNAL_FILE)));
  const isMistake = error instanceof DrillError && error.blame === 'usage';
  if (isMistake && unstarted.length === drills.length) return evidence.withdraw(reasonOf(error));
  if (unstarted.length === 0) return;
  try {
    for (const drill of unstarted) await recordFailure(run, drill, error);
    await evidence.seal(await writeRunReport(run.directory, evidence.approval));
    await updateHistory(run, history, print);
    print(`report: ${join(run.directory, 'index.html')}`);
  } catch (failure) {
    print(`warning: this run has no report: ${describeError(failure)}`);
  }
}

const recordFailure = (run: RunSettings, drill: Drill, error: unknown): Promise<void> =>
  recordUnstarted({
    directory: join(run.directory, drill.name),
    reason: `it was not started: ${reasonOf(error)}`,
    hint: hintOf(error) ?? 'Check the machine with `swarm-drill doctor`.',
    detail: describeError(error),
    plan: {
      drill,
      options: {
        ...run,
        dir: join(run.directory, drill.name),
        rerunCommand: formatRerunCommand(drill.name, run),
        signal: new AbortController().signal,
      },
    },
  });
