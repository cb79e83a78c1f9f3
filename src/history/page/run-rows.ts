// The table of all runs, newest first.
import { formatMoment, formatTime } from '../../report/view/format.ts';
import { VERDICT_SIGNS } from '../../report/view/verdict-view.ts';
import type { PastRun } from '../runs/past-run.ts';

/** A run, with the address of its page; none if its files were removed. */
export interface RunLink {
  readonly directory: string;
  readonly link: string | null;
}

export const linkToRun = (directory: string, runs: readonly PastRun[]): RunLink => ({
  directory,
  link: isThere(directory, runs) ? `${encodeURIComponent(directory)}/index.html` : null,
});

export const linkToDrill = (directory: string, drill: string, runs: readonly PastRun[]): RunLink => ({
  directory,
  link: isThere(directory, runs)
    ? `${encodeURIComponent(directory)}/${encodeURIComponent(drill)}/report.html`
    : null,
});

/** A run that did not end has no pages. */
const isThere = (directory: string, runs: readonly PastRun[]): boolean => {
  const run = runs.find((one) => one.directory === directory);
  return run !== undefined && run.removed === null && run.state === 'ended';
};

export function buildRunRow(run: PastRun) {
  const { directory, state, startedAt, endedAt, verdict, drills, planned, commit } = run;
  const recovered = drills.filter((drill) => drill.verdict === 'recovered').length;
  const slowest = Math.max(...drills.flatMap(({ rta }) => rta ?? []));
  return {
    ...linkToRun(directory, [run]),
    tone: verdict === null ? 'open' : VERDICT_SIGNS[verdict].tone,
    word:
      verdict === null ? `${state.charAt(0).toUpperCase()}${state.slice(1)}` : VERDICT_SIGNS[verdict].word,
    started: formatMoment(startedAt),
    drills: state === 'ended' ? `${recovered} of ${drills.length}` : `0 of ${planned.length}`,
    slowest: Number.isFinite(slowest) ? formatTime(slowest) : '–',
    took: endedAt === null ? '–' : formatTime((Date.parse(endedAt) - Date.parse(startedAt)) / 1000),
    commit: commit.slice(0, 12),
    notes: describeNotes(run),
  };
}

function describeNotes({ inLedger, statement, attested, removed, mergedInto }: PastRun): string {
  return [
    ...(inLedger ? [] : ['not in the ledger']),
    ...(attested.includes('approver') ? ['approved'] : []),
    ...(attested.includes('reviewer') ? ['reviewed'] : statement === null ? [] : ['not reviewed']),
    ...(attested.includes('exception') ? ['with an exception'] : []),
    ...(mergedInto === null ? [] : [`merged into ${mergedInto}`]),
    ...(removed === null ? [] : ['files removed']),
  ].join(', ');
}
