// Everything that index.mustache shows of a run.
import type { Report, Run } from '../schema.ts';
import {
  pluralize,
  formatInteger,
  formatObjective,
  formatLongDate,
  NOT_MEASURED,
  cssPercent,
  formatTime,
} from './format.ts';
import { formatOthers } from '../side-by-side.ts';
import { LEGEND, buildMatrixViews } from './matrix-view.ts';
import { VERDICT_SIGNS } from './verdict-view.ts';

const WORST_FIRST = ['not-recovered', 'inconclusive', 'recovered'];

export function buildRunView(run: Run, name: string) {
  const longest = Math.max(
    ...run.drills.flatMap(({ actual, objectives }) => [actual.rtaSeconds ?? 0, objectives.rtoSeconds ?? 0]),
  );
  const tally = WORST_FIRST.map((verdict) => ({
    count: run.drills.filter((report) => report.verdict === verdict).length,
    verdict: verdict as Report['verdict'],
  })).filter(({ count }) => count > 0);
  return {
    name,
    verdict: VERDICT_SIGNS[run.verdict],
    date: formatLongDate(run.startedAt),
    total: formatTime((Date.parse(run.endedAt) - Date.parse(run.startedAt)) / 1000),
    title: pluralize(run.drills.length, 'restore drill'),
    summary: tally
      .map(({ count, verdict }) => `${count} ${VERDICT_SIGNS[verdict].word.toLowerCase()}`)
      .join(', '),
    warnings: run.warnings,
    matrices: buildMatrixViews(run),
    hasMatrices: run.matrix.length > 0,
    legend: LEGEND,
    drills: run.drills
      .toSorted((a, b) => WORST_FIRST.indexOf(a.verdict) - WORST_FIRST.indexOf(b.verdict))
      .map((report) => buildCard(report, longest * 1.04)),
  };
}

function buildCard(report: Report, scale: number) {
  const { actual, objectives } = report;
  const tally = (result: string): number => report.checks.filter((check) => check.result === result).length;
  const missed =
    actual.rtaSeconds !== null && objectives.rtoSeconds !== null && actual.rtaSeconds > objectives.rtoSeconds;
  return {
    ...VERDICT_SIGNS[report.verdict],
    name: report.name,
    link: `${encodeURIComponent(report.name)}/report.html`,
    title: report.title,
    reason: report.reason,
    rta: formatTime(actual.rtaSeconds),
    rto: formatObjective(objectives.rtoSeconds),
    missed,
    others: describeOthers(report),
    length: actual.rtaSeconds === null ? null : cssPercent(actual.rtaSeconds, scale),
    measured: actual.rtaSeconds !== null,
    mark: objectives.rtoSeconds === null ? null : cssPercent(objectives.rtoSeconds, scale),
    lost: actual.lostWrites === null ? NOT_MEASURED : formatInteger(actual.lostWrites),
    written: actual.lostWrites === null ? null : formatInteger(actual.acknowledgedWrites),
    passes: tally('pass'),
    fails: tally('fail'),
    unproven: tally('unproven'),
    total: formatTime(report.totalSeconds),
  };
}

/** Returns null for a drill that ran without others, or next to an unknown number. */
function describeOthers({ sideBySide }: Report): string | null {
  const others = sideBySide?.duringRecovery ?? 0;
  return others > 0 ? `with ${formatOthers(others)} on its machine` : null;
}
