// Tables of runs and of a drill's results for the terminal. The first row is the head.
import { formatMoment, formatSize, formatTime } from '../../report/view/format.ts';
import type { Occurrence, PastRun } from './past-run.ts';

export const tabulateRuns = (runs: readonly PastRun[]): string[][] => [
  ['run', 'started', 'verdict', 'recovered', 'duration', 'commit', 'in the ledger'],
  ...runs.map(({ directory, state, startedAt, endedAt, verdict, drills, planned, commit, inLedger }) => [
    directory,
    formatMoment(startedAt),
    verdict?.replace('-', ' ') ?? state,
    `${drills.filter((drill) => drill.verdict === 'recovered').length} of ${state === 'ended' ? drills.length : planned.length}`,
    endedAt === null ? '' : formatTime((Date.parse(endedAt) - Date.parse(startedAt)) / 1000),
    commit,
    inLedger ? 'yes' : 'no',
  ]),
];

export const tabulateResults = (occurrences: readonly Occurrence[]): string[][] => [
  ['run', 'verdict', 'RTA', 'RPA', 'proven', 'duration', 'stored', 'engine', 'reason'],
  ...occurrences.map(({ run, result }) => [
    run.directory,
    result.verdict.replace('-', ' '),
    formatTime(result.rta),
    formatTime(result.rpa),
    formatTime(result.proven),
    formatTime(result.total),
    formatSize(result.bytes),
    result.engine,
    result.verdict === 'recovered' ? '' : result.reason,
  ]),
];
