// A run is its drills: as bad as the worst of them, as long as from the first start to the last end.
import { exitCode, worstOf } from '../drill/verdict.ts';
import type { Report, Run } from './schema.ts';

/** @param drills at least one */
export function buildRun(drills: readonly Report[]): Run {
  const verdict = worstOf(drills.map((report) => report.verdict));
  return {
    schema: 'swarm-drill/run@1',
    startedAt: drills.map((report) => report.startedAt).sort()[0] ?? new Date(0).toISOString(),
    endedAt:
      drills
        .map((report) => report.endedAt)
        .sort()
        .at(-1) ?? new Date(0).toISOString(),
    verdict,
    exitCode: exitCode(verdict),
    drills: [...drills],
  };
}
