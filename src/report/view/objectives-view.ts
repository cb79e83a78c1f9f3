// Objectives and measurements, as figures and as gauges.
import type { Report } from '../schema.ts';
import { formatInteger, formatObjective, NOT_MEASURED, cssPercent, formatTime } from './format.ts';

export interface Figure {
  readonly label: string;
  readonly value: string;
  readonly note: string;
  /** CSS class: `met`, `missed`, or empty without an objective or a measurement. */
  readonly state: string;
  readonly measured: boolean;
  readonly bar: { readonly length: string | null; readonly mark: string | null } | null;
}

export function buildFigures({ objectives, actual, checks }: Report): Figure[] {
  const tally = (result: string): number => checks.filter((check) => check.result === result).length;
  return [
    buildObjective('Recovery time', 'RTA', actual.rtaSeconds, 'RTO', objectives.rtoSeconds),
    buildObjective('Data loss window', 'RPA', actual.rpaSeconds, 'RPO', objectives.rpoSeconds),
    buildPlainFigure(
      'Lost writes',
      actual.lostWrites === null ? NOT_MEASURED : formatInteger(actual.lostWrites),
      `of ${formatInteger(actual.acknowledgedWrites)} acknowledged${describeLoss(actual)}`,
    ),
    buildPlainFigure('Time to proven', formatTime(actual.provenSeconds), 'disaster to last check'),
    buildPlainFigure(
      'Checks passed',
      `${tally('pass')} of ${checks.length}`,
      `${tally('fail')} failed, ${tally('unproven')} unproven`,
    ),
  ];
}

function buildObjective(
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
    value: formatTime(measured),
    note: `${objective} ${formatObjective(asked)}`,
    state: measured === null || asked === null ? '' : missed ? 'missed' : 'met',
    measured: measured !== null,
    bar:
      scale > 0
        ? {
            length: measured === null ? null : cssPercent(measured, scale),
            mark: asked === null ? null : cssPercent(asked, scale),
          }
        : null,
  };
}

const buildPlainFigure = (label: string, value: string, note: string): Figure => ({
  label,
  value,
  note,
  state: '',
  measured: value !== NOT_MEASURED,
  bar: null,
});

function describeLoss({ lostWrites, lostBeforeBackup }: Report['actual']): string {
  if (!lostWrites || lostBeforeBackup === null) return '';
  return lostBeforeBackup === 0
    ? ', all after the backup started'
    : `, ${formatInteger(lostBeforeBackup)} before the backup started`;
}
