// Everything that the page of all runs shows.
import type { Difference } from '../difference.ts';
import { formatLongDate, formatTime, pluralize } from '../../report/view/format.ts';
import { VERDICT_SIGNS, type Sign } from '../../report/view/verdict-view.ts';
import { type PastRun, type Occurrence, counts, occurrencesOf } from '../runs/past-run.ts';
import { formatAge } from '../status/age.ts';
import type { DrillState, DrillStatus, Status } from '../status/status.ts';
import { buildCalendar } from './calendar-view.ts';
import { buildTrend, buildVerdictStrip, RESULTS_DRAWN } from './trend.ts';
import { buildRunRow, linkToDrill, linkToRun } from './run-rows.ts';

export interface IndexFacts {
  /** Newest first. */
  readonly runs: readonly PastRun[];
  readonly status: Status;
  /** What is drilled, from evidence.yml. */
  readonly system: string | undefined;
  /** By drill, of those whose last result is not a recovery. */
  readonly differences: ReadonlyMap<string, readonly Difference[]>;
}

const OPEN: Sign = { ...VERDICT_SIGNS.inconclusive, word: '' };
const STATE_SIGNS: Readonly<Record<DrillState, Sign>> = {
  ...VERDICT_SIGNS,
  'did not end': { ...OPEN, word: 'Did not end' },
  'never ran': { ...OPEN, word: 'Never ran' },
  retired: { ...OPEN, word: 'Retired' },
};
const HEADLINES: Readonly<Record<Status['exitCode'], Sign>> = {
  0: { ...VERDICT_SIGNS.recovered, word: 'All drills recovered in time' },
  1: { ...VERDICT_SIGNS['not-recovered'], word: 'Not all drills recovered in time' },
  2: { ...VERDICT_SIGNS.inconclusive, word: 'Not known' },
};

export function buildIndexView({ runs, status, system, differences }: IndexFacts) {
  const byDrill = Map.groupBy(runs.filter(counts).flatMap(occurrencesOf), ({ result }) => result.drill);
  const oldestFirst = (drill: string): Occurrence[] => (byDrill.get(drill) ?? []).toReversed();
  return {
    title: system === undefined ? 'Restore drills' : `Restore drills of ${system}`,
    headline: HEADLINES[status.exitCode],
    date: formatLongDate(status.at),
    at: status.at,
    summary: describeCounts(status.drills),
    runCount: pluralize(runs.length, 'run'),
    lastRun: status.lastRun && {
      ...linkToRun(status.lastRun.directory, runs),
      word: status.lastRun.verdict.replace('-', ' '),
    },
    lastRecoveredRun: status.lastRecoveredRun && linkToRun(status.lastRecoveredRun.directory, runs),
    problems: status.problems.map(({ drill, text }) => ({ drill: drill ?? null, text })),
    hasProblems: status.problems.length > 0,
    calendar: buildCalendar(runs, status),
    drills: status.drills
      .toSorted((a, b) => rankOf(a) - rankOf(b))
      .map((drill) => buildDrill(drill, oldestFirst(drill.drill), runs, differences.get(drill.drill) ?? [])),
    hasDrills: status.drills.length > 0,
    drawn: RESULTS_DRAWN,
    runs: runs.map(buildRunRow),
    hasRuns: runs.length > 0,
  };
}

const WORST_FIRST: readonly DrillState[] = [
  'not-recovered',
  'did not end',
  'inconclusive',
  'never ran',
  'recovered',
  'retired',
];
/** What is overdue comes before what recovered in time. */
const rankOf = ({ state, overdue }: DrillStatus): number => WORST_FIRST.indexOf(state) - (overdue ? 0.5 : 0);

function describeCounts(drills: readonly DrillStatus[]): string {
  const active = drills.filter(({ state }) => state !== 'retired');
  const fresh = active.filter(({ state, overdue }) => state === 'recovered' && !overdue).length;
  const overdue = active.filter((drill) => drill.overdue).length;
  return [
    `${fresh} of ${pluralize(active.length, 'drill')} recovered${active.some(({ requiredSeconds }) => requiredSeconds !== null) ? ' in time' : ''}`,
    ...(overdue > 0 ? [`${overdue} overdue`] : []),
  ].join(', ');
}

/** Results in the table below the charts: for people who can't see them, and to get to the reports. */
const ROWS = 10;

function buildDrill(
  drill: DrillStatus,
  occurrences: readonly Occurrence[],
  runs: readonly PastRun[],
  differences: readonly Difference[],
) {
  const { last, lastRecovered, ageSeconds, requiredSeconds, overdue } = drill;
  return {
    ...STATE_SIGNS[drill.state],
    name: drill.drill,
    id: `drill-${drill.drill.replaceAll(/\W+/g, '-')}`,
    reason: drill.state === 'recovered' ? null : drill.reason,
    overdue: overdue && (ageSeconds === null ? 'overdue: it never recovered' : 'overdue'),
    last: last && { ...linkToDrill(last.directory, drill.drill, runs), when: formatLongDate(last.at) },
    lastRecovered: lastRecovered && {
      ...linkToDrill(lastRecovered.directory, drill.drill, runs),
      age: `${formatAge(ageSeconds ?? 0)} ago`,
    },
    required: requiredSeconds === null ? null : `every ${formatAge(requiredSeconds)}`,
    charts: occurrences.length > 0 ? buildTrend(occurrences) : [],
    strip: occurrences.length > 0 ? buildVerdictStrip(occurrences) : null,
    results: occurrences.slice(-ROWS).reverse().map(buildResult),
    shown:
      occurrences.length > ROWS
        ? `The last ${ROWS} of ${occurrences.length} results`
        : pluralize(occurrences.length, 'result'),
    differences,
    hasDifferences: differences.length > 0,
  };
}

const buildResult = ({ run, result }: Occurrence) => ({
  ...VERDICT_SIGNS[result.verdict],
  ...linkToDrill(run.directory, result.drill, [run]),
  rta: formatTime(result.rta),
  rpa: formatTime(result.rpa),
  proven: formatTime(result.proven),
  total: formatTime(result.total),
});
