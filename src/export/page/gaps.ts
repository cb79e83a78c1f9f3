// Which runs were due in a period and did not happen.
import type { EvidencePredicate } from '../../evidence/statement/predicate.ts';
import { parseDuration } from '../../evidence/facts/duration.ts';
import { describeRule } from './run-view.ts';
import type { PeriodRun } from './period.ts';

type Rule = EvidencePredicate['identity']['frequency'][number];

/** Returns a sentence for each time that was longer than a rule allows. @param from and @param to milliseconds since the epoch */
export function describeGaps(
  rules: readonly Rule[],
  runs: readonly PeriodRun[],
  from: number,
  to: number,
): string[] {
  return rules.flatMap((rule) => {
    const limit = parseDuration(rule.every) * 1000;
    const times = runs.flatMap(({ end }) => (end && hasResult(end.drills, rule) ? [Date.parse(end.at)] : []));
    const moments = [from, ...times, to];
    return moments.slice(1).flatMap((moment, index) => {
      const before = moments[index] ?? from;
      const due = Math.floor((moment - before) / limit);
      if (due < 1) return [];
      return [
        `${due} due ${due === 1 ? 'run' : 'runs'} between ${dateOf(before)} and ${dateOf(moment)}: ${describeRule(rule)}`,
      ];
    });
  });
}

/** An inconclusive run has no result. */
const hasResult = (drills: NonNullable<PeriodRun['end']>['drills'], rule: Rule): boolean =>
  drills.some(
    ({ drill, tags, verdict }) =>
      verdict !== 'inconclusive' && ('tag' in rule ? tags.includes(rule.tag) : drill === rule.drill),
  );

const dateOf = (time: number): string => new Date(time).toISOString().slice(0, 10);
