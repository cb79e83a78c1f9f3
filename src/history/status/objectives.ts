// Objectives for the 95th percentile of the last recoveries, from evidence.yml.
import type { ObjectiveOverTime } from '../../evidence/facts/schema.ts';
import { formatObjective, formatTime } from '../../report/view/format.ts';
import type { DrillHistory } from './drill-history.ts';
import { DEFAULT_SAMPLES, summarize } from './percentile.ts';
import type { Problem } from './problems.ts';
import type { Rules } from './rules.ts';

/** Returns the largest number of recoveries that an objective is about. */
export const mostSamples = (rules: Rules): number =>
  Math.max(0, ...(rules['objectives-over-time'] ?? []).map((rule) => rule['of-last'] ?? 0));

/** Returns a problem for each objective that the drill's last recoveries miss. A drill without a recovery misses none: it has other problems. */
export function judgeObjectives(drill: DrillHistory, rules: Rules): Problem[] {
  const tags = drill.last?.result.tags ?? [];
  return (rules['objectives-over-time'] ?? [])
    .filter((rule) => ('tag' in rule ? tags.includes(rule.tag) : rule.drill === drill.drill))
    .flatMap((rule) => judgeOne(drill, rule));
}

function judgeOne({ drill, recoveries }: DrillHistory, rule: ObjectiveOverTime): Problem[] {
  const counted = recoveries.slice(0, rule['of-last'] ?? DEFAULT_SAMPLES).map(({ result }) => result);
  const pairs = [
    { name: 'RTA', most: rule['rta-p95-seconds'], values: counted.flatMap(({ rta }) => rta ?? []) },
    { name: 'RPA', most: rule['rpa-p95-seconds'], values: counted.flatMap(({ rpa }) => rpa ?? []) },
  ];
  return pairs.flatMap(({ name, most, values }) => {
    const summary = summarize(values);
    if (most === undefined || !summary || summary.p95 <= most) return [];
    return [
      {
        kind: 'wrong' as const,
        drill,
        text: `95 % of its last ${summary.count} recoveries have an ${name} of up to ${formatTime(summary.p95)}, ${formatObjective(most)} allowed`,
      },
    ];
  });
}
