// Point 6: each verdict follows from the checks and measurements. The rules are written again here, on purpose, from the report only:
// a mistake in the program's own rules must not hide behind itself.
import type { Report } from '../../report/schema.ts';
import { valueOf } from '../context.ts';
import { type Run, TEST_RESULT } from '../read/run.ts';
import type { Findings } from '../result.ts';
import { checkClaims, checkPlan } from './claims.ts';
import type { Rerendered } from './journals.ts';

type Verdict = Report['verdict'];

/** @param recorded the verdict in the ledger, if it has the run */
export function checkVerdicts(
  run: Run,
  rerendered: Rerendered,
  recorded: { verdict: string; exitCode: number; drills: { drill: string; verdict: string }[] } | undefined,
  findings: Findings,
): void {
  const { drills } = rerendered;
  for (const { report, directory } of drills) {
    const { verdict, because } = deriveVerdict(report);
    if (report.verdict !== verdict)
      findings.fail({
        where: `${directory}/report.json`,
        what: `the verdict does not follow from the checks: ${because}`,
        expected: verdict,
        got: report.verdict,
      });
    const inLedger = recorded?.drills.find(({ drill }) => drill === report.name);
    if (recorded && inLedger?.verdict !== verdict)
      findings.fail({
        where: `ledger: ${report.name}`,
        what: 'the ledger has another verdict',
        expected: verdict,
        got: inLedger?.verdict ?? 'no such drill',
      });
  }
  const worst = worstOf(drills.map(({ report }) => deriveVerdict(report).verdict));
  const exitCode = { recovered: 0, 'not-recovered': 1, inconclusive: 2 }[worst];
  for (const [where, got] of [
    ['run.json', `${rerendered.run.verdict}, exit code ${rerendered.run.exitCode}`],
    ...(recorded ? [['ledger', `${recorded.verdict}, exit code ${recorded.exitCode}`] as const] : []),
  ] as const)
    if (got !== `${worst}, exit code ${exitCode}`)
      findings.fail({
        where,
        what: 'not the worst verdict of its drills',
        expected: `${worst}, exit code ${exitCode}`,
        got,
      });
  checkTestResult(run, worst, findings);
  checkClaims(run, rerendered, findings);
  checkPlan(run, rerendered, findings);
  findings.see(`${drills.length} verdicts derived; the run is ${worst}`);
}

/** Returns what the recorded facts allow. A finding outweighs any failure around it. */
function deriveVerdict(report: Report): { verdict: Verdict; because: string } {
  const { actual, objectives, checks, failure, disaster, cleanup } = report;
  const { rtoSeconds: rto, rpoSeconds: rpo } = objectives;
  const missed = [
    ...(failure?.blame === 'finding' ? [`${failure.phase} failed`] : []),
    ...checks.filter(({ result }) => result === 'fail').map(({ name }) => `"${name}" failed`),
    ...(rto !== null && actual.rtaSeconds !== null && actual.rtaSeconds > rto ? ['RTO missed'] : []),
    ...(rpo !== null && missesRpo(actual, rpo) ? ['RPO missed'] : []),
  ];
  if (missed.length > 0) return { verdict: 'not-recovered', because: missed.join(', ') };
  const open = [
    ...(failure ? [`the drill stopped in ${failure.phase}`] : []),
    ...(report.complete ? [] : ['the journal is cut']),
    ...(report.damagedLines > 0 ? ['the journal is damaged'] : []),
    ...(report.marks.disaster === null ? ['no disaster'] : []),
    ...(disaster.length === 0 || disaster.some(({ before, after }) => before === after)
      ? ['the disaster is not proven']
      : []),
    ...(checks.length === 0 ? ['no check'] : []),
    ...checks
      .filter(({ required, result }) => required && result === 'unproven')
      .map(({ name }) => `"${name}" is unproven`),
    ...(rto !== null && actual.rtaSeconds === null ? ['RTA was not measured'] : []),
    ...(rpo !== null && actual.rpaSeconds === null ? ['RPA was not measured'] : []),
    ...(cleanup && cleanup.leaked.length > 0 && cleanup.shellCommand === undefined ? ['leftovers'] : []),
    ...checks
      .filter(({ result, compared, mismatched }) => result === 'pass' && (compared === 0 || mismatched > 0))
      .map(({ name }) => `"${name}" passed without an equal comparison`),
  ];
  return open.length > 0
    ? { verdict: 'inconclusive', because: open.join(', ') }
    : { verdict: 'recovered', because: 'nothing failed and nothing is open' };
}

/** A loss whose beginning is unknown meets no objective. */
const missesRpo = ({ rpaSeconds, rpaIsLowerBound }: Report['actual'], rpo: number): boolean =>
  rpaSeconds !== null && (rpaIsLowerBound || rpaSeconds > rpo);

function worstOf(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.includes('not-recovered')) return 'not-recovered';
  return verdicts.length === 0 || verdicts.includes('inconclusive') ? 'inconclusive' : 'recovered';
}

/** Generic tools know no "inconclusive": what was not shown to recover has failed. */
function checkTestResult({ testResult }: Run, worst: Verdict, findings: Findings): void {
  const statement = valueOf(testResult);
  if (!statement) return;
  const got = String(statement.predicate['result']);
  const allowed = worst === 'recovered' ? ['PASSED', 'WARNED'] : ['FAILED'];
  if (!allowed.includes(got))
    findings.fail({
      where: TEST_RESULT,
      what: 'says another result than the run',
      expected: allowed.join(' or '),
      got,
    });
}
