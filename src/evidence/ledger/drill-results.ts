// What the ledger keeps of each drill: enough for trends and status, so that those read one file and no reports.
import type { Run } from '../../report/schema.ts';
import type { DrillResult } from './entry.ts';

export function toDrillResults(run: Run): DrillResult[] {
  const rows = new Map(run.failures.flatMap((one) => one.rows.map((row) => [row.drill, row] as const)));
  return run.drills.map((report) => {
    const row = rows.get(report.name);
    const { shard } = report;
    return {
      drill: report.name,
      verdict: report.verdict,
      reason: report.reason,
      failure: report.failureClass,
      tags: report.tags,
      method: row?.method ?? '',
      rta: report.actual.rtaSeconds,
      rto: report.objectives.rtoSeconds,
      rpa: report.actual.rpaSeconds,
      rpo: report.objectives.rpoSeconds,
      proven: report.actual.provenSeconds,
      total: report.totalSeconds,
      bytes: report.artifacts.reduce((sum, { bytes }) => sum + bytes, 0),
      lostWrites: report.actual.lostWrites,
      longestGap: report.availability?.longestGapSeconds ?? null,
      others: report.sideBySide?.duringRecovery ?? null,
      engine: report.environment?.nodeEngine ?? '',
      size: report.size,
      shard: shard ? `${shard.index}/${shard.of}` : null,
    };
  });
}
