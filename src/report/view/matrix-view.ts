// The comparison of methods: for each kind of data, a table of what was restored and a table of times and sizes.
import type { Matrix, MatrixRow, Report, Run } from '../schema.ts';
import { formatInteger, NOT_MEASURED, formatSize, formatTime } from './format.ts';
import { VERDICT_SIGNS } from './verdict-view.ts';

type State = MatrixRow['aspects'][string]['state'];

/** What a cell shows. Screen readers read `words`, which is also the cell's tooltip. */
const CELLS: Readonly<
  Record<State, { readonly tone: string; readonly mark: string; readonly words: string }>
> = {
  restored: { tone: 'good', mark: '✓', words: 'restored' },
  'documented loss': { tone: 'documented', mark: '–', words: 'lost, as documented' },
  'undocumented loss': { tone: 'bad', mark: '✗', words: 'lost, although not documented' },
  'restored despite documented loss': {
    tone: 'extra',
    mark: '(✓)',
    words: 'restored, although documented as lost',
  },
};
const NOT_CHECKED = { tone: 'none', mark: '·', words: 'not checked' };
export const LEGEND = [...Object.values(CELLS), NOT_CHECKED];

export function buildMatrixViews({ matrix, drills }: Pick<Run, 'matrix' | 'drills'>) {
  const timings = new Map(drills.map(({ name, baselineTiming }) => [name, baselineTiming]));
  return matrix.map((one) => buildMatrixView(one, (drill) => timings.get(drill) ?? null));
}

function buildMatrixView(
  { of, aspects, warning, rows }: Matrix,
  timingOf: (drill: string) => Report['baselineTiming'],
) {
  const limited = rows.filter(({ limits }) => limits.length > 0);
  return {
    of,
    warning,
    id: `methods-for-${of.replaceAll(/\W+/g, '-')}`,
    aspects,
    rows: rows.map((row) => ({
      ...VERDICT_SIGNS[row.verdict],
      method: row.method,
      link: `${encodeURIComponent(row.drill)}/report.html`,
      cells: aspects.map((aspect) => buildCell(aspect, row.aspects[aspect])),
      rta: formatTime(row.rtaSeconds),
      stored: row.storedBytes > 0 ? formatSize(row.storedBytes) : NOT_MEASURED,
      timings: buildTimings(row, timingOf(row.drill)),
    })),
    methodLimits: limited.map(({ method, limits }) => ({ method, limits })),
    hasLimits: limited.length > 0,
  };
}

function buildCell(aspect: string, seen: MatrixRow['aspects'][string] | undefined) {
  if (!seen) return { ...NOT_CHECKED, words: `${aspect}: ${NOT_CHECKED.words}` };
  const { tone, mark, words } = CELLS[seen.state];
  const counts =
    seen.mismatched > 0
      ? `${formatInteger(seen.mismatched)} of ${formatInteger(seen.compared)}`
      : formatInteger(seen.compared);
  return { tone, mark, words: `${aspect}: ${words} (${counts})` };
}

/** Returns the timing of backup and of restore, each with the baseline timing. */
const buildTimings = (row: MatrixRow, baseline: Report['baselineTiming']) => [
  buildTiming(
    row.backupSeconds,
    row.backupRatio,
    baseline && { bytes: baseline.bytes, seconds: baseline.seconds },
  ),
  buildTiming(
    row.restoreSeconds,
    row.restoreRatio,
    baseline && { bytes: baseline.bytes, seconds: baseline.unpackSeconds },
  ),
];

function buildTiming(
  seconds: number | null,
  ratio: number | null,
  baseline: { readonly bytes: number; readonly seconds: number } | null,
) {
  const duration = formatTime(seconds);
  if (!baseline) return { duration, speeds: null };
  return {
    duration,
    speeds: {
      speed: formatSpeed(baseline.bytes, seconds),
      baseline: formatSpeed(baseline.bytes, baseline.seconds),
      ratio: ratio === null ? NOT_MEASURED : `${ratio.toFixed(1)} ×`,
    },
  };
}

/** Returns MB/s, with 1 MB = 1,000,000 bytes. */
const formatSpeed = (bytes: number, seconds: number | null): string =>
  seconds ? (bytes / 1e6 / seconds).toFixed(1) : NOT_MEASURED;
