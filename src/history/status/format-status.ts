// The status on the terminal: one line for each drill, then what is wrong.
import { formatTime } from '../../report/view/format.ts';
import { count } from '../../support/count.ts';
import { formatAge } from './age.ts';
import type { DrillStatus, Status } from './status.ts';

const HEADLINES = {
  0: 'all drills recovered, in time',
  1: 'not all drills recovered in time',
  2: 'not known: a drill or a run is missing',
} as const;

/** Returns rows for a table: the first one is its head. */
export function tabulateStatus({ drills }: Status): string[][] {
  return [
    ['drill', 'last result', 'last recovered', 'required', 'RTA', 'p95 of RTA', 'RPA', 'run'],
    ...drills.map((drill) => [
      drill.drill,
      drill.state.replace('-', ' '),
      drill.ageSeconds === null
        ? 'never'
        : `${formatAge(drill.ageSeconds)} ago${drill.overdue ? ', overdue' : ''}`,
      drill.requiredSeconds === null ? 'not set' : `every ${formatAge(drill.requiredSeconds)}`,
      formatTime(drill.rtaSeconds),
      describePercentile(drill),
      formatTime(drill.rpaSeconds),
      drill.last?.directory ?? '',
    ]),
  ];
}

const describePercentile = ({ rta }: DrillStatus): string =>
  rta ? `${formatTime(rta.p95)} of ${count(rta.count, 'recovery', 'recoveries')}` : '';

/** Returns what is below the table. @param notes what is worth knowing and no problem */
export function summarizeStatus({ exitCode, lastRun, problems }: Status, notes: readonly string[]): string[] {
  return [
    ...problems.map(({ drill, text }) => (drill === undefined ? text : `${drill}: ${text}`)),
    ...notes,
    `last run: ${lastRun ? `${lastRun.directory}, ${lastRun.verdict.replace('-', ' ')}` : 'none'}`,
    HEADLINES[exitCode],
  ];
}
