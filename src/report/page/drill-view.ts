// All that report.mustache shows of one drill.
import type { Report } from '../schema.ts';
import { artifactsOf, checksOf, cleanupOf, coverageOf, logsOf } from './evidence-view.ts';
import { counted, integer, longDate, moment, time } from './format.ts';
import { figuresOf } from './objectives-view.ts';
import { recoveryOf } from './recovery-view.ts';
import { timelineOf } from './timeline-view.ts';
import { topologyOf } from './topology-view.ts';
import { VERDICT_SIGNS } from './verdict-view.ts';

export function drillView(report: Report) {
  const { environment, topologies, topology } = report;
  const drawn = [topologyOf('Before', topologies.before), topologyOf('After', topologies.after)].filter(
    (one) => one !== null,
  );
  return {
    ...report,
    verdict: VERDICT_SIGNS[report.verdict],
    reason: sentence(report.reason),
    swarm: `${counted(topology.managers, 'manager')}, ${counted(topology.workers, 'worker')}`,
    date: longDate(report.startedAt),
    started: moment(report.startedAt),
    ended: moment(report.endedAt),
    total: time(report.totalSeconds),
    commit: environment?.commit ?? 'unknown',
    figures: figuresOf(report),
    recovery: recoveryOf(report),
    timeline: timelineOf(report),
    checks: checksOf(report),
    hasChecks: report.checks.length > 0,
    coverage: coverageOf(report),
    hasCoverage: report.coverage.length > 0,
    artifacts: artifactsOf(report),
    hasArtifacts: report.artifacts.length > 0,
    proof: report.disaster.map((row) => ({ ...row, same: row.after === row.before })),
    hasProof: report.disaster.length > 0,
    topologies: drawn,
    hasTopologies: drawn.length > 0,
    environment,
    cleanup: cleanupOf(report),
    logs: logsOf(report),
    hasLogs: report.logs.length > 0,
    damaged: report.damagedLines > 0 && integer(report.damagedLines),
  };
}

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
