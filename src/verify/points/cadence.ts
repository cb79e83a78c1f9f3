// Point 8: drills ran as often as evidence.yml requires. A run that ended inconclusive showed nothing, so it does not count.
import { type Pinned, valueOf } from '../context.ts';
import { isEnd, type Ledger } from '../read/ledger.ts';
import { parseDuration, type PlanFacts } from '../read/plan.ts';
import type { Reports } from '../read/reports.ts';
import type { Findings } from '../result.ts';
import { endOf } from './ledger.ts';

type Rule = NonNullable<PlanFacts['frequency']>[number];

interface Requirement {
  readonly rule: Rule;
  /** Milliseconds since the epoch, when a plan first had it. */
  readonly since: number;
}

export function checkCadence(reports: Reports, { now }: Pinned, findings: Findings): void {
  const { ledger } = reports;
  if (!ledger) return findings.cannotShow('no ledger: see point 7');
  const requirements = listRequirements(reports, findings);
  if (requirements.length === 0)
    return findings.cannotShow('no plan requires a frequency; add `frequency` to evidence.yml');
  const [single] = reports.whole ? [] : reports.runs;
  const end = single && endOf(ledger, single.name);
  const until = single ? Date.parse(end?.at ?? '') || now : now;
  for (const requirement of requirements) checkRule(requirement, ledger, until, findings);
}

/** Returns what the newest plan requires, and reports what an earlier one required and later ones do not. */
function listRequirements({ runs }: Reports, findings: Findings): Requirement[] {
  const plans = runs
    .flatMap(({ plan }) => valueOf(plan) ?? [])
    .toSorted((a, b) => a.recordedAt.localeCompare(b.recordedAt));
  const newest = plans.at(-1)?.facts?.frequency ?? [];
  const inForce = new Set(newest.map(nameOf));
  const seen = new Map<string, Requirement>();
  for (const { facts, recordedAt, directory } of plans)
    for (const rule of facts?.frequency ?? []) {
      const earlier = seen.get(nameOf(rule));
      if (earlier && earlier.rule.every !== rule.every)
        findings.see(
          `${nameOf(rule)}: every ${earlier.rule.every} became every ${rule.every} in ${directory}`,
        );
      seen.set(nameOf(rule), { rule, since: earlier?.since ?? Date.parse(recordedAt) });
    }
  for (const [name, { rule }] of seen)
    if (!inForce.has(name)) findings.see(`${name}: every ${rule.every} is no longer required`);
  return newest.map((rule) => ({ rule, since: seen.get(nameOf(rule))?.since ?? 0 }));
}

const nameOf = ({ tag, drill }: Rule): string => (tag === undefined ? `drill ${drill}` : `tag ${tag}`);

function checkRule(
  { rule, since }: Requirement,
  { entries }: Ledger,
  until: number,
  findings: Findings,
): void {
  const matches = ({ drill, tags }: { drill: string; tags: string[] }): boolean =>
    rule.tag === undefined ? drill === rule.drill : tags.includes(rule.tag);
  const ended = entries
    .filter(isEnd)
    .map((entry) => ({ entry, at: Date.parse(entry.at), drills: entry.drills.filter(matches) }))
    .filter(({ at, drills }) => drills.length > 0 && at <= until);
  const shown = ended.filter(({ drills }) => drills.some(({ verdict }) => verdict !== 'inconclusive'));
  const limit = parseDuration(rule.every) * 1000;
  const times = [since, ...shown.map(({ at }) => at).filter((at) => at > since), until];
  for (const [index, to] of times.entries()) {
    const from = times[index - 1];
    if (from === undefined || to - from <= limit) continue;
    const vain = ended.filter(({ at, drills }) => at > from && at < to && drills.length > 0);
    findings.fail({
      where: nameOf(rule),
      what: `${Math.floor((to - from) / limit)} due ${Math.floor((to - from) / limit) === 1 ? 'run is' : 'runs are'} missing between ${format(from)} and ${format(to)}`,
      expected: `a run with a result every ${rule.every}`,
      got:
        vain.length > 0
          ? `only inconclusive runs: ${vain.map(({ entry }) => entry.directory).join(', ')}`
          : 'none',
    });
  }
  findings.see(`${nameOf(rule)}: ${shown.length} runs with a result, required every ${rule.every}`);
}

const format = (time: number): string => new Date(time).toISOString();
