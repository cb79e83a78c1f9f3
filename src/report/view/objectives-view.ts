// Objectives and measurements, as figures and as gauges.
import { formatRpa, missesRpo } from '../../drill/writes/data-loss.ts';
import { missesRto } from '../../drill/verdict/verdict.ts';
import type { Report } from '../schema.ts';
import { formatGap } from './availability-view.ts';
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

export function buildFigures({ objectives, actual, availability, checks }: Report): Figure[] {
  const tally = (result: string): number => checks.filter((check) => check.result === result).length;
  return [
    buildObjective({
      label: 'Recovery time (RTA)',
      value: formatTime(actual.rtaSeconds),
      measured: actual.rtaSeconds,
      objective: 'RTO',
      asked: objectives.rtoSeconds,
      isMissed: (rto) => missesRto(actual, rto),
    }),
    buildObjective({
      label: 'Data loss window (RPA)',
      value: formatRpa(actual, NOT_MEASURED),
      measured: actual.rpaSeconds,
      objective: 'RPO',
      asked: objectives.rpoSeconds,
      isMissed: (rpo) => missesRpo(actual, rpo),
    }),
    buildPlainFigure(
      'Lost writes',
      actual.lostWrites === null ? NOT_MEASURED : formatInteger(actual.lostWrites),
      `of ${formatInteger(actual.acknowledgedWrites)} acknowledged${describeLoss(actual)}`,
    ),
    ...(availability
      ? [
          buildPlainFigure(
            'Longest unavailability',
            formatGap(availability),
            `${formatInteger(availability.failed)} of ${formatInteger(availability.attempts)} writes failed`,
          ),
        ]
      : []),
    buildPlainFigure('Time to proven', formatTime(actual.provenSeconds), 'disaster to last check'),
    buildPlainFigure(
      'Checks passed',
      `${tally('pass')} of ${checks.length}`,
      `${tally('fail')} failed, ${tally('unproven')} unproven`,
    ),
  ];
}

interface MeasuredObjective {
  readonly label: string;
  readonly value: string;
  /** Seconds. */
  readonly measured: number | null;
  readonly objective: string;
  /** Seconds. */
  readonly asked: number | null;
  readonly isMissed: (asked: number) => boolean;
}

function buildObjective({ label, value, measured, objective, asked, isMissed }: MeasuredObjective): Figure {
  const scale = Math.max(measured ?? 0, asked ?? 0) * 1.12;
  return {
    label,
    value,
    note: `${objective} ${formatObjective(asked)}`,
    state: measured === null || asked === null ? '' : isMissed(asked) ? 'missed' : 'met',
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
