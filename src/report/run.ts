// Builds a run from its drills: its verdict is the worst of theirs, its duration is from the first start to the last end.
import { exitCode, worstOf } from '../drill/verdict/verdict.ts';
import { measureConcurrency } from './concurrency.ts';
import { buildFailures } from './failures.ts';
import { buildMatrices } from './matrix.ts';
import type { Report, Run } from './schema.ts';
import { warnOfUnequalLoad } from './measure/side-by-side.ts';

/** @param reports at least one; the run lists them in the order they started */
export function buildRun(reports: readonly Report[]): Run {
  const drills = reports.toSorted((a, b) => a.startedAt.localeCompare(b.startedAt));
  const verdict = worstOf(drills.map((report) => report.verdict));
  const epoch = new Date(0).toISOString();
  return {
    schema: 'swarm-drill/run@2',
    startedAt: drills[0]?.startedAt ?? epoch,
    endedAt: drills.reduce((last, report) => (report.endedAt > last ? report.endedAt : last), epoch),
    verdict,
    exitCode: exitCode(verdict),
    concurrency: measureConcurrency(drills),
    warnings: listWarnings(drills),
    failures: buildFailures(drills),
    matrix: buildMatrices(drills),
    drills,
  };
}

function listWarnings(drills: readonly Report[]): string[] {
  const measured = drills.map(({ name, sideBySide }) => ({
    name,
    duringRecovery: sideBySide?.duringRecovery ?? null,
  }));
  return [warnOfUnequalLoad(measured)].filter((warning) => warning !== null);
}
