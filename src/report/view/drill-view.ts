// Everything that report.mustache shows of one drill.
import { phaseLabel } from '../phase-label.ts';
import type { Report } from '../schema.ts';
import { formatOthers } from '../measure/side-by-side.ts';
import { buildAvailability } from './availability-view.ts';
import { buildArtifacts, buildChecks, buildCleanup, buildCoverage, buildLogs } from './evidence-view.ts';
import { pluralize, formatLongDate, formatMoment, formatTime } from './format.ts';
import { buildFigures } from './objectives-view.ts';
import { buildRecovery } from './recovery-view.ts';
import { buildRunbook } from './runbook-view.ts';
import { buildWaterfall } from './timeline-view.ts';
import { buildTopology } from './topology-view.ts';
import { VERDICT_SIGNS } from './verdict-view.ts';

export function buildDrillView(report: Report) {
  const { environment, topologies, topology } = report;
  const drawn = [buildTopology('Before', topologies.before), buildTopology('After', topologies.after)].filter(
    (one) => one !== null,
  );
  return {
    ...report,
    verdict: VERDICT_SIGNS[report.verdict],
    reason: capitalize(report.reason),
    swarm: `${pluralize(topology.managers, 'manager')}, ${pluralize(topology.workers, 'worker')}`,
    date: formatLongDate(report.startedAt),
    started: formatMoment(report.startedAt),
    ended: formatMoment(report.endedAt),
    total: formatTime(report.totalSeconds),
    commit: environment?.commit ?? 'unknown',
    figures: buildFigures(report),
    recovery: buildRecovery(report),
    runbook: buildRunbook(report),
    availability: buildAvailability(report),
    timeline: buildWaterfall(report),
    checks: buildChecks(report),
    hasChecks: report.checks.length > 0,
    coverage: buildCoverage(report),
    hasCoverage: report.coverage.length > 0,
    artifacts: buildArtifacts(report),
    hasArtifacts: report.artifacts.length > 0,
    proof: report.disaster.map((row) => ({ ...row, same: row.after === row.before })),
    hasProof: report.disaster.length > 0,
    topologies: drawn,
    hasTopologies: drawn.length > 0,
    environment,
    otherDrills: describeOtherDrills(report),
    cleanup: buildCleanup(report),
    logs: buildLogs(report),
    hasLogs: report.logs.length > 0,
    failedPhase: report.failure && phaseLabel(report.failure.phase),
    damaged: report.damagedLines > 0 && pluralize(report.damagedLines, 'line'),
  };
}

/** Says with how many others the drill shared its machine, for every time on the page. */
function describeOtherDrills({ sideBySide }: Report): string {
  if (!sideBySide) return 'not known';
  const { most, duringRecovery, intervals } = sideBySide;
  if (most === 0) return 'none';
  const names = [...new Set(intervals.flatMap(({ others }) => others))].sort();
  const recovery = duringRecovery === null ? '' : `; ${formatOthers(duringRecovery)} during the recovery`;
  return `up to ${most} at a time${recovery}: ${names.join(', ')}`;
}

const capitalize = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
