// The matrix of methods: one table of what came back, one of what it took, for each kind of thing that was backed up.
import type { Matrix, MatrixRow, Report, Run } from '../schema.ts';
import { formatInteger, NOT_MEASURED, formatSize, formatTime } from './format.ts';
import { VERDICT_SIGNS } from './verdict-view.ts';

type State = MatrixRow['aspects'][string]['state'];

/** What a cell shows; its words are read out and stand in its title. */
const CELLS: Readonly<
  Record<State, { readonly tone: string; readonly mark: string; readonly words: string }>
> = {
  back: { tone: 'good', mark: '✓', words: 'came back' },
  'lost as said': { tone: 'said', mark: '–', words: 'lost, as the method says' },
  lost: { tone: 'bad', mark: '✗', words: 'lost, though the method says that it keeps it' },
  'back, though not promised': { tone: 'extra', mark: '(✓)', words: 'came back, though not promised' },
};
const NOT_CHECKED = { tone: 'none', mark: '·', words: 'not looked at' };
export const LEGEND = [...Object.values(CELLS), NOT_CHECKED];

export function buildMatrixViews({ matrix, drills }: Pick<Run, 'matrix' | 'drills'>) {
  const timings = new Map(drills.map(({ name, baselineTiming }) => [name, baselineTiming]));
  return matrix.map((one) => buildMatrixView(one, (drill) => timings.get(drill) ?? null));
}

function buildMatrixView(
  { of, aspects, rows }: Matrix,
  timingOf: (drill: string) => Report['baselineTiming'],
) {
  const claims = rows.filter(({ limits }) => limits.length > 0);
  return {
    of,
    id: `methods-for-${of.replaceAll(/\W+/g, '-')}`,
    aspects,
    rows: rows.map((row) => ({
      ...VERDICT_SIGNS[row.verdict],
      method: row.method,
      link: `${encodeURIComponent(row.drill)}/report.html`,
      cells: aspects.map((aspect) => buildCell(aspect, row.aspects[aspect])),
      rta: formatTime(row.rtaSeconds),
      stored: row.storedBytes > 0 ? formatSize(row.storedBytes) : NOT_MEASURED,
      ways: buildTimings(row, timingOf(row.drill)),
    })),
    claims: claims.map(({ method, limits }) => ({ method, limits })),
    hasClaims: claims.length > 0,
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

/** There and back, each beside the plain way. */
const buildTimings = (row: MatrixRow, plain: Report['baselineTiming']) => [
  buildTiming(row.backupSeconds, row.backupRatio, plain && { bytes: plain.bytes, seconds: plain.seconds }),
  buildTiming(
    row.restoreSeconds,
    row.restoreRatio,
    plain && { bytes: plain.bytes, seconds: plain.unpackSeconds },
  ),
];

function buildTiming(
  seconds: number | null,
  ratio: number | null,
  plain: { readonly bytes: number; readonly seconds: number } | null,
) {
  const took = { took: formatTime(seconds) };
  if (!plain) return { ...took, speeds: null };
  return {
    ...took,
    speeds: {
      speed: formatSpeed(plain.bytes, seconds),
      plain: formatSpeed(plain.bytes, plain.seconds),
      ratio: ratio === null ? NOT_MEASURED : `${ratio.toFixed(1)} ×`,
    },
  };
}

/** In MB/s, of 1,000,000 bytes. */
const formatSpeed = (bytes: number, seconds: number | null): string =>
  seconds ? (bytes / 1e6 / seconds).toFixed(1) : NOT_MEASURED;
