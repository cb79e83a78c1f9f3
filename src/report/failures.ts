// Lists the failures of a run by how long the recovery took: one class for each kind of failure, one row for each drill.
import { missesRpo } from '../drill/writes/data-loss.ts';
import { missesRto, type Verdict } from '../drill/verdict/verdict.ts';
import { roundToThousandths } from '../support/clock.ts';
import { findCriticalPath, sumByStep } from './measure/critical-path.ts';
import type { FailureClass, FailureRow, Report } from './schema.ts';

/** The directory of their pages, in the run's. */
export const FAILURE_PAGES = 'by-failure';

/** Sorts rows and classes alike: what did not recover first, then by recovery time, slowest first. */
export function buildFailures(drills: readonly Report[]): FailureClass[] {
  const byClass = Map.groupBy(drills, ({ failureClass }) => failureClass);
  const taken = new Set<string>();
  const classes = [...byClass].map(([failure, members]) => ({
    failure,
    page: `${FAILURE_PAGES}/${fileName(failure, taken)}.html`,
    rows: members.map(buildRow).toSorted(compareRows),
  }));
  return classes.toSorted((a, b) => compareRows(firstOf(a), firstOf(b)));
}

const firstOf = ({ rows }: FailureClass): FailureRow => {
  const [first] = rows;
  if (!first) throw new Error('a class of failures has at least one drill');
  return first;
};

const WORST_FIRST: readonly Verdict[] = ['not-recovered', 'inconclusive', 'recovered'];

function compareRows(a: FailureRow, b: FailureRow): number {
  const byVerdict = WORST_FIRST.indexOf(a.verdict) - WORST_FIRST.indexOf(b.verdict);
  // A recovery that was never measured did not end: it is the slowest.
  const [slowA, slowB] = [a.rtaSeconds ?? Number.MAX_VALUE, b.rtaSeconds ?? Number.MAX_VALUE];
  return byVerdict || slowB - slowA || a.drill.localeCompare(b.drill);
}

function buildRow(report: Report): FailureRow {
  const { actual, objectives, availability, checks, subject } = report;
  const used = [
    ...new Set([...(subject ? [subject.method] : []), ...report.artifacts.map(({ method }) => method)]),
  ];
  const tally = (result: string): number => checks.filter((check) => check.result === result).length;
  return {
    drill: report.name,
    title: report.title,
    verdict: report.verdict,
    reason: report.reason,
    tags: report.tags,
    method: subject?.method ?? used.join(', '),
    methods: used,
    engine: report.environment?.nodeEngine ?? '',
    rtaSeconds: actual.rtaSeconds,
    rtoSeconds: objectives.rtoSeconds,
    provenSeconds: actual.provenSeconds,
    rpaSeconds: actual.rpaSeconds,
    rpaIsLowerBound: actual.rpaIsLowerBound,
    rpoSeconds: objectives.rpoSeconds,
    lostWrites: actual.lostWrites,
    acknowledgedWrites: actual.acknowledgedWrites,
    longestGapSeconds: availability?.longestGapSeconds ?? null,
    gapIsLowerBound: availability !== null && availability.gapEndedAt === null,
    othersDuringRecovery: report.sideBySide?.duringRecovery ?? null,
    objectives: judgeObjectives(report),
    dominant: findDominant(report),
    checks: { passed: tally('pass'), failed: tally('fail'), unproven: tally('unproven') },
    unproven: checks
      .filter(({ result }) => result === 'unproven')
      .map(({ name, detail }) => ({ check: name, reason: detail })),
  };
}

function judgeObjectives({ objectives, actual }: Report): FailureRow['objectives'] {
  const { rtoSeconds: rto, rpoSeconds: rpo } = objectives;
  if (rto === null && rpo === null) return 'none set';
  if ((rto !== null && missesRto(actual, rto)) || (rpo !== null && missesRpo(actual, rpo))) return 'missed';
  const isOpen = (rto !== null && actual.rtaSeconds === null) || (rpo !== null && actual.rpaSeconds === null);
  return isOpen ? 'not measured' : 'met';
}

/** Returns the step that the recovery waited for longest; null if the service never answered. */
function findDominant({ steps, marks: { disaster, firstResponse } }: Report): FailureRow['dominant'] {
  if (disaster === null || firstResponse === null) return null;
  const path = findCriticalPath(steps, disaster, firstResponse).filter(({ step }) => !step.gap);
  const [longest] = sumByStep(path);
  if (!longest) return null;
  const { step, within, seconds } = longest;
  const causes = (step.causes ?? []).map(({ name, link }) => ({ name, link }));
  return { step: step.name, within: [...within], seconds: roundToThousandths(seconds), causes };
}

const LONGEST_NAME = 60;

/** Returns a file name in lower-case ASCII that no other class has. */
function fileName(failure: string, taken: Set<string>): string {
  const plain = failure
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, LONGEST_NAME)
    .replaceAll(/^-|-$/g, '');
  const base = plain || 'failure';
  let name = base;
  for (let number = 2; taken.has(name); number++) name = `${base}-${number}`;
  taken.add(name);
  return name;
}
