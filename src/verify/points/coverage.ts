// Point 9: each kind of object was compared by a check of the run, or a person accepted that it is not, until a date.
import { statementOf, valueOf } from '../context.ts';
import type { Run } from '../read/run.ts';
import type { Findings } from '../result.ts';
import type { Rerendered } from './journals.ts';

export function checkCoverage(run: Run, { drills }: Rerendered, findings: Findings): void {
  const started = drills.map(({ report }) => report.startedAt).sort()[0];
  const covered = new Set<string>();
  const open = new Map<string, string>();
  for (const { report } of drills) {
    if (report.verdict === 'inconclusive') continue;
    for (const { object, count, checkedBy, reason } of report.coverage)
      if (checkedBy.length > 0) covered.add(object);
      else if (count !== 0) open.set(object, reason);
  }
  for (const object of covered) open.delete(object);
  if (covered.size + open.size === 0)
    return findings.cannotShow('no drill with a result lists what it covers');
  findings.see(`${covered.size} kinds of objects compared`);
  const facts = statementOf(run) ? valueOf(run.plan)?.facts : null;
  const uncovered = [...open].filter(([object]) => {
    const exclusion = facts?.exclusions?.find((one) => one.object === object);
    if (!exclusion || started === undefined) return true;
    // A date includes its day.
    const expired = exclusion.until < started.slice(0, 10);
    if (expired)
      findings.fail({
        where: object,
        what: 'the exception has expired',
        expected: `an exception until ${started.slice(0, 10)} or later`,
        got: `until ${exclusion.until}, accepted by ${exclusion['accepted-by']}`,
      });
    else
      findings.see(`${object}: excluded until ${exclusion.until}, accepted by ${exclusion['accepted-by']}`);
    return false;
  });
  if (!facts && uncovered.length > 0)
    return findings.cannotShow(
      `no check compared ${uncovered.map(([object]) => object).join(', ')}, and the plan has no evidence.yml that could exclude them`,
    );
  for (const [object, reason] of uncovered)
    findings.fail({
      where: object,
      what: `no check compared it: ${reason}`,
      expected: 'a check, or an exclusion in evidence.yml',
      got: 'neither',
    });
}
