// Part of point 6: what the statement claims about the drills, and what the plan fixed before they started, is what the journals say.
import { NO_STATEMENT, predicateOf, statementOf } from '../context.ts';
import { PLAN, type Run, SIGNED } from '../read/run.ts';
import { ARTIFACT } from '../read/statement.ts';
import type { Findings } from '../result.ts';
import type { Rerendered } from './journals.ts';

/** The results and the artifacts in the statement are those of the journals. */
export function checkClaims(run: Run, { drills, run: rebuilt }: Rerendered, findings: Findings): void {
  const statement = statementOf(run);
  if (!statement) return findings.cannotShow(NO_STATEMENT);
  const where = statement.bundle ? SIGNED : 'evidence.json';
  const predicate = predicateOf(run);
  if (!predicate)
    return findings.fail({
      where,
      what: 'the statement lacks fields that every run has',
      expected: 'results, plan and people',
      got: 'other fields',
    });
  const claimed = {
    verdict: predicate.results.verdict,
    exitCode: predicate.results.exitCode,
    drills: Object.fromEntries(
      predicate.results.drills.map(({ drill, verdict, rta, rpa, lostWrites, checks }) => [
        drill,
        { verdict, rta, rpa, lostWrites, checks: checks.map(({ name, result }) => ({ name, result })) },
      ]),
    ),
    artifacts: sorted(
      statement.artifacts.map(({ name, digest }) => `${name.slice(ARTIFACT.length)} ${digest}`),
    ),
  };
  const actual: typeof claimed = {
    verdict: rebuilt.verdict,
    exitCode: rebuilt.exitCode,
    drills: Object.fromEntries(
      drills.map(
        ({
          report: {
            name,
            verdict,
            actual: { rtaSeconds, rpaSeconds, lostWrites },
            checks,
          },
        }) => [
          name,
          {
            verdict,
            rta: rtaSeconds,
            rpa: rpaSeconds,
            lostWrites,
            checks: checks.map(({ name: check, result }) => ({ name: check, result })),
          },
        ],
      ),
    ),
    artifacts: sorted(
      drills.flatMap(({ report }) =>
        report.artifacts.map(({ name, sha256 }) => `${report.name}/${name} ${sha256}`),
      ),
    ),
  };
  for (const field of ['verdict', 'exitCode', 'artifacts'] as const)
    compare(where, `claims another ${field} than the journals have`, actual[field], claimed[field], findings);
  for (const name of new Set([...Object.keys(actual.drills), ...Object.keys(claimed.drills)]))
    compare(
      where,
      `claims other results of ${name} than its journal has`,
      actual.drills[name],
      claimed.drills[name],
      findings,
    );
}

const sorted = (texts: readonly string[]): string[] => [...new Set(texts)].sort();

function compare(where: string, what: string, expected: unknown, got: unknown, findings: Findings): void {
  const [right, claim] = [expected, got].map((value) => JSON.stringify(value) ?? 'nothing');
  if (right !== undefined && claim !== undefined && right !== claim)
    findings.fail({ where, what, expected: right, got: claim });
}

/** The drills that ran are those of the plan, with the criteria that it fixed. */
export function checkPlan(run: Run, { drills }: Rerendered, findings: Findings): void {
  if (!statementOf(run)) return findings.cannotShow(NO_STATEMENT);
  if (!run.plan)
    return findings.cannotShow(`the run has no ${PLAN}: its criteria were not recorded before it started`);
  if (!run.plan.ok) return findings.fail(run.plan.problem);
  const planned = new Map(run.plan.value.drills.map((drill) => [drill.name, drill]));
  for (const { directory, report, text } of drills) {
    const plan = planned.get(directory);
    planned.delete(directory);
    if (!plan) findings.fail({ where: directory, what: 'a drill that was not planned' });
    else if (text !== null && text !== plan.sha256)
      findings.fail({
        where: directory,
        what: 'the drill was changed after the plan was recorded',
        expected: plan.sha256,
        got: text,
      });
    else if (text !== null && JSON.stringify(report.objectives) !== JSON.stringify(plan.objectives))
      findings.fail({
        where: directory,
        what: 'other objectives than planned',
        expected: JSON.stringify(plan.objectives),
        got: JSON.stringify(report.objectives),
      });
  }
  for (const name of planned.keys())
    findings.fail({ where: name, what: 'was planned and has no journal: it was removed or never started' });
}
