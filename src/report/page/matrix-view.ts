// The matrix of methods: one table of what came back, one of what it took, for each kind of thing that was backed up.
import type { Matrix, MatrixRow } from '../schema.ts';
import { integer, NOT_MEASURED, size, time } from './format.ts';
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

export const matricesOf = (matrices: readonly Matrix[]) =>
  matrices.map(({ of, aspects, rows }) => ({
    of,
    aspects,
    rows: rows.map((row) => ({
      ...VERDICT_SIGNS[row.verdict],
      method: row.method,
      link: `${encodeURIComponent(row.drill)}/report.html`,
      cells: aspects.map((aspect) => cellOf(aspect, row.aspects[aspect])),
      backup: time(row.backupSeconds),
      restore: time(row.restoreSeconds),
      rta: time(row.rtaSeconds),
      stored: size(row.storedBytes),
      speed: speedOf(row.dataBytes, row.backupSeconds),
      restoreSpeed: speedOf(row.dataBytes, row.restoreSeconds),
      ratio: row.backupRatio === null ? '' : `${row.backupRatio.toFixed(1)} ×`,
      cannotHold: row.cannotHold,
    })),
  }));

function cellOf(aspect: string, seen: MatrixRow['aspects'][string] | undefined) {
  if (!seen) return { tone: 'none', mark: '', words: `${aspect}: not looked at` };
  const { tone, mark, words } = CELLS[seen.state];
  const counts =
    seen.mismatched > 0 ? `${integer(seen.mismatched)} of ${integer(seen.compared)}` : integer(seen.compared);
  return { tone, mark, words: `${aspect}: ${words} (${counts})` };
}

const speedOf = (bytes: number | null, seconds: number | null): string =>
  bytes === null ? '' : seconds ? `${(bytes / 1e6 / seconds).toFixed(1)} MB/s` : NOT_MEASURED;
