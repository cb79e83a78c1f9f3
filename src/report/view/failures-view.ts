// The table "failure by recovery time": a group for each kind of failure, a row with a bar for each drill.
import { formatRpa } from '../../drill/writes/data-loss.ts';
import { VERDICTS } from '../../drill/verdict/verdict.ts';
import type { FailureClass, FailureRow } from '../schema.ts';
import { formatOthers } from '../measure/side-by-side.ts';
import {
  cssPercent,
  formatInteger,
  formatObjective,
  formatShare,
  formatTime,
  NOT_MEASURED,
  pluralize,
} from './format.ts';
import { issueName } from './causes-view.ts';
import { VERDICT_SIGNS } from './verdict-view.ts';

/** Shorter than `not measured`: the columns of the table are narrow. */
const NONE = '–';
/** Separates values in an attribute that the page's script reads. */
const SEPARATOR = '|';

/** @param root the way from the page to the run's directory: empty, or `../` */
export function buildFailureTable(classes: readonly FailureClass[], root: string) {
  const rows = classes.flatMap((one) => one.rows);
  const longest = Math.max(
    0,
    ...rows.flatMap(({ rtaSeconds, rtoSeconds, provenSeconds }) => [
      rtaSeconds ?? 0,
      rtoSeconds ?? 0,
      provenSeconds ?? 0,
    ]),
  );
  const scale = longest * 1.02;
  return {
    groups: classes.map((one) => buildGroup(one, root, scale)),
    unproven: listUnproven(rows, root),
    hasUnproven: rows.some(({ unproven }) => unproven.length > 0),
    filters: {
      verdicts: VERDICTS.filter((verdict) => rows.some((row) => row.verdict === verdict)).map((verdict) => ({
        value: verdict,
        word: VERDICT_SIGNS[verdict].word,
      })),
      tags: sortedSet(rows.flatMap(({ tags }) => tags)),
      methods: sortedSet(rows.flatMap(({ methods }) => methods)),
    },
    count: pluralize(rows.length, 'drill'),
  };
}

const sortedSet = (values: readonly string[]): string[] => [...new Set(values)].sort();

function buildGroup({ failure, page, rows }: FailureClass, root: string, scale: number) {
  const times = rows.flatMap(({ rtaSeconds }) => rtaSeconds ?? []);
  const isSingle = rows.length === 1;
  return {
    failure,
    page: `${root}${page}`,
    isSingle,
    drills: pluralize(rows.length, 'drill'),
    range: times.length > 1 ? `${formatTime(Math.min(...times))} to ${formatTime(Math.max(...times))}` : null,
    rows: rows.map((row) => buildRow(row, isSingle ? failure : null, root, scale)),
  };
}

/** @param failure what fails, where the row is the only one of its group */
function buildRow(row: FailureRow, failure: string | null, root: string, scale: number) {
  const { rtaSeconds: rta, provenSeconds: proven, rtoSeconds: rto, dominant, checks } = row;
  const name = failure ?? row.title;
  return {
    ...VERDICT_SIGNS[row.verdict],
    verdict: row.verdict,
    tags: row.tags.join(SEPARATOR),
    methods: row.methods.join(SEPARATOR),
    name,
    title: name === row.title ? null : row.title,
    drill: row.drill,
    link: linkTo(row.drill, root),
    reason: row.verdict === 'recovered' ? null : row.reason,
    rta: formatTime(rta),
    measured: rta !== null,
    length: rta === null ? null : cssPercent(rta, scale),
    until: proven === null ? null : cssPercent(proven, scale),
    mark: rto === null ? null : cssPercent(rto, scale),
    rto: rto === null ? null : formatObjective(rto),
    others: row.othersDuringRecovery ? `next to ${formatOthers(row.othersDuringRecovery)}` : null,
    proven: proven === null ? NONE : formatTime(proven),
    rpa: formatRpa(row, NONE),
    lost: row.lostWrites === null ? NONE : formatInteger(row.lostWrites),
    written: row.lostWrites === null ? null : formatInteger(row.acknowledgedWrites),
    gap: formatGapOf(row),
    objectives: row.objectives,
    missed: row.objectives === 'missed',
    met: row.objectives === 'met',
    dominant: dominant && {
      step: dominant.step,
      seconds: formatTime(dominant.seconds),
      share: formatShare(dominant.seconds, rta ?? 0),
      causes: dominant.causes.map(({ name, link }) => ({ name, link, issue: issueName(link) })),
    },
    passed: formatInteger(checks.passed),
    failed: checks.failed > 0 ? formatInteger(checks.failed) : null,
    unproven: checks.unproven > 0 ? formatInteger(checks.unproven) : null,
  };
}

function formatGapOf({ longestGapSeconds, gapIsLowerBound }: FailureRow): string {
  if (longestGapSeconds === null) return NONE;
  return `${gapIsLowerBound ? '≥ ' : ''}${formatTime(longestGapSeconds)}`;
}

const linkTo = (drill: string, root: string): string => `${root}${encodeURIComponent(drill)}/report.html`;

/** Lists what could not be tested, each check and reason once, with its drills. */
function listUnproven(rows: readonly FailureRow[], root: string) {
  const all = rows.flatMap(({ drill, unproven }) => unproven.map((one) => ({ drill, ...one })));
  return [...Map.groupBy(all, ({ check, reason }) => `${check}\0${reason}`).values()].map((same) => ({
    check: same[0]?.check ?? '',
    reason: same[0]?.reason ?? '',
    drills: same.map(({ drill }) => ({ drill, link: linkTo(drill, root) })),
  }));
}

/** What failure-class.mustache shows: the drills of one kind of failure, by method and by version of the engine. */
export function buildFailureView(one: FailureClass, run: string) {
  const engines = sortedSet(one.rows.map(({ engine }) => engine || 'unknown'));
  const byMethod = [...Map.groupBy(one.rows, ({ method }) => method || 'no backup method')];
  return {
    failure: one.failure,
    run,
    drills: pluralize(one.rows.length, 'drill'),
    ...buildFailureTable([one], '../'),
    engines,
    methods: byMethod.map(([method, rows]) => ({
      method,
      cells: engines.map((engine) => ({
        drills: rows
          .filter((row) => (row.engine || 'unknown') === engine)
          .map((row) => ({
            ...VERDICT_SIGNS[row.verdict],
            link: linkTo(row.drill, '../'),
            rta: row.rtaSeconds === null ? NOT_MEASURED : formatTime(row.rtaSeconds),
          })),
      })),
    })),
  };
}
