// Everything that index.mustache shows of a run.
import { describeGain } from '../concurrency.ts';
import type { Report, Run } from '../schema.ts';
import { pluralize, formatLongDate, formatTime } from './format.ts';
import { buildFailureTable } from './failures-view.ts';
import { LEGEND, buildMatrixViews } from './matrix-view.ts';
import { VERDICT_SIGNS } from './verdict-view.ts';

const WORST_FIRST = ['not-recovered', 'inconclusive', 'recovered'];

export function buildRunView(run: Run, name: string) {
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
    gain: capitalize(describeGain(run.concurrency)),
    warnings: run.warnings,
    matrices: buildMatrixViews(run),
    hasMatrices: run.matrix.length > 0,
    legend: LEGEND,
    ...buildFailureTable(run.failures, ''),
  };
}

const capitalize = (text: string | null): string | null =>
  text && `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
