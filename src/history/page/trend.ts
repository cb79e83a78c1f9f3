// The trend of one drill: its last results as small charts, drawn as SVG without a script.
import {
  formatObjective,
  formatSize,
  formatTime,
  NOT_MEASURED,
  pluralize,
} from '../../report/view/format.ts';
import type { DrillResult } from '../../evidence/ledger/entry.ts';
import type { Occurrence } from '../runs/past-run.ts';
import { summarize } from '../status/percentile.ts';

/** Results that are drawn: more would be narrower than a line. */
export const RESULTS_DRAWN = 100;

/** Units of the drawing's own coordinates; it is stretched to the width of its column. */
const WIDTH = 1000;
const HEIGHT = 100;
/** Share of the height that the largest value takes. */
const TOP = 0.9;

interface Series {
  readonly label: string;
  readonly value: (result: DrillResult) => number | null;
  readonly objective: {
    readonly name: string;
    readonly value: (result: DrillResult) => number | null;
  } | null;
  readonly format: (value: number) => string;
  /** Whether more is worse, so that a bad day counts. */
  readonly isTime: boolean;
}

const SERIES: readonly Series[] = [
  {
    label: 'Recovery time (RTA)',
    value: ({ rta }) => rta,
    objective: { name: 'RTO', value: ({ rto }) => rto },
    format: formatTime,
    isTime: true,
  },
  {
    label: 'Data loss window (RPA)',
    value: ({ rpa }) => rpa,
    objective: { name: 'RPO', value: ({ rpo }) => rpo },
    format: formatTime,
    isTime: true,
  },
  {
    label: 'Time to proven',
    value: ({ proven }) => proven,
    objective: null,
    format: formatTime,
    isTime: true,
  },
  {
    label: 'Stored by the backup',
    value: ({ bytes }) => bytes || null,
    objective: null,
    format: formatSize,
    isTime: false,
  },
];

/** @param occurrences of one drill, oldest first */
export const buildTrend = (occurrences: readonly Pick<Occurrence, 'result'>[]) => {
  const drawn = occurrences.slice(-RESULTS_DRAWN);
  return SERIES.map((series) => buildChart(series, drawn));
};

function buildChart(
  { label, value, objective, format, isTime }: Series,
  drawn: readonly Pick<Occurrence, 'result'>[],
) {
  const values = drawn.map(({ result }) => value(result));
  const measured = values.filter((one) => one !== null);
  const objectives = drawn.map(({ result }) => objective?.value(result) ?? null);
  const last = values.at(-1) ?? null;
  const asked = objectives.at(-1) ?? null;
  const scale = Math.max(0, ...measured, ...objectives.filter((one) => one !== null)) / TOP || 1;
  const x = (index: number): string =>
    (drawn.length === 1 ? WIDTH / 2 : (WIDTH * index) / (drawn.length - 1)).toFixed(0);
  const y = (amount: number): string => (HEIGHT - (HEIGHT * amount) / scale).toFixed(1);
  const summary = summarize(measured);
  return {
    label,
    last: last === null ? NOT_MEASURED : format(last),
    note: [
      ...(summary && summary.count > 1 && isTime ? [`p95 ${format(summary.p95)}`] : []),
      ...(objective ? [`${objective.name} ${formatObjective(asked)}`] : []),
    ].join(', '),
    missed: last !== null && asked !== null && last > asked,
    lines: connect(values.map((one, index) => (one === null ? null : `${x(index)} ${y(one)}`))),
    dots: dotsOf(values, x, y),
    objective: connect(objectives.map((one, index) => (one === null ? null : `${x(index)} ${y(one)}`))),
    height: HEIGHT,
    width: WIDTH,
    words: describeChart(
      label,
      summary && { least: Math.min(...measured), ...summary, most: Math.max(...measured) },
      format,
    ),
  };
}

/** Returns the paths through values that follow each other: what was not measured is a gap. */
function connect(points: readonly (string | null)[]): string {
  return points
    .map((point, index) =>
      point === null ? '' : `${index > 0 && points[index - 1] !== null ? 'L' : 'M'}${point}`,
    )
    .join('');
}

/** A value without neighbours has no line: it is drawn as a short one. */
function dotsOf(
  values: readonly (number | null)[],
  x: (index: number) => string,
  y: (amount: number) => string,
): string {
  return values
    .map((one, index) =>
      one !== null && (values[index - 1] ?? null) === null && (values[index + 1] ?? null) === null
        ? `M${x(index)} ${y(one)}h0`
        : '',
    )
    .join('');
}

function describeChart(
  label: string,
  summary: {
    readonly count: number;
    readonly least: number;
    readonly median: number;
    readonly most: number;
  } | null,
  format: (value: number) => string,
): string {
  if (!summary) return `${label}: ${NOT_MEASURED}`;
  const { count, least, median, most } = summary;
  return `${label} of the last ${pluralize(count, 'result')}: ${format(least)} to ${format(most)}, median ${format(median)}`;
}

/** One mark for each result, oldest first: height and colour show the verdict. */
export function buildVerdictStrip(occurrences: readonly Occurrence[]) {
  const drawn = occurrences.slice(-RESULTS_DRAWN);
  const width = WIDTH / Math.max(1, drawn.length);
  const paths = { recovered: '', 'not-recovered': '', inconclusive: '' };
  const HEIGHTS = { recovered: 40, 'not-recovered': 100, inconclusive: 70 } as const;
  for (const [index, { result }] of drawn.entries())
    paths[result.verdict] +=
      `M${(index * width + width * 0.1).toFixed(1)} ${HEIGHT - HEIGHTS[result.verdict]}h${(width * 0.8).toFixed(1)}V${HEIGHT}h-${(width * 0.8).toFixed(1)}z`;
  const tally = (verdict: DrillResult['verdict']): number =>
    drawn.filter(({ result }) => result.verdict === verdict).length;
  return {
    width: WIDTH,
    height: HEIGHT,
    good: paths.recovered,
    bad: paths['not-recovered'],
    open: paths.inconclusive,
    words: `Verdicts of the last ${pluralize(drawn.length, 'result')}: ${tally('recovered')} recovered, ${tally('not-recovered')} not recovered, ${tally('inconclusive')} inconclusive`,
  };
}
