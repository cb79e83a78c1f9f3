// What was asked for beside what was measured, as figures and as bars on one scale each.
import type { Report } from '../schema.ts';
import { integer, limit, NOT_MEASURED, percent, time } from './format.ts';

export interface Figure {
  readonly label: string;
  readonly value: string;
  readonly note: string;
  /** Class: `met`, `missed`, or empty when nothing was asked or measured. */
  readonly state: string;
  readonly measured: boolean;
  readonly bar: { readonly length: string | null; readonly mark: string | null } | null;
}

export function figuresOf({ objectives, actual, checks }: Report): Figure[] {
  const tally = (result: string): number => checks.filter((check) => check.result === result).length;
  return [
    figure('Recovery time', 'RTA', actual.rtaSeconds, 'RTO', objectives.rtoSeconds),
    figure('Data loss window', 'RPA', actual.rpaSeconds, 'RPO', objectives.rpoSeconds),
    plain(
      'Lost writes',
      actual.lostWrites === null ? NOT_MEASURED : integer(actual.lostWrites),
      `of ${integer(actual.acknowledgedWrites)} acknowledged${lossNote(actual)}`,
    ),
    plain('Time to proven', time(actual.provenSeconds), 'disaster to last check'),
    plain(
      'Checks passed',
      `${tally('pass')} of ${checks.length}`,
      `${tally('fail')} failed, ${tally('unproven')} unproven`,
    ),
  ];
}

function figure(
  label: string,
  name: string,
  measured: number | null,
  objective: string,
  asked: number | null,
): Figure {
  const scale = Math.max(measured ?? 0, asked ?? 0) * 1.12;
  const missed = measured !== null && asked !== null && measured > asked;
  return {
    label: `${label} (${name})`,
    value: time(measured),
    note: `${objective} ${limit(asked)}`,
    state: measured === null || asked === null ? '' : missed ? 'missed' : 'met',
    measured: measured !== null,
    bar:
      scale > 0
        ? {
            length: measured === null ? null : percent(measured, scale),
            mark: asked === null ? null : percent(asked, scale),
          }
        : null,
  };
}

const plain = (label: string, value: string, note: string): Figure => ({
  label,
  value,
  note,
  state: '',
  measured: value !== NOT_MEASURED,
  bar: null,
});

function lossNote({ lostWrites, lostBeforeBackup }: Report['actual']): string {
  if (!lostWrites || lostBeforeBackup === null) return '';
  return lostBeforeBackup === 0
    ? ', all from after the backup began'
    : `, ${integer(lostBeforeBackup)} from before the backup`;
}
