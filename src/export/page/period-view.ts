// Everything that period.mustache shows: the population of drills, the runs, findings with their remediation, and what is missing.
import type { DrillResult } from '../../evidence/ledger/entry.ts';
import { buildTrend } from '../../history/page/trend.ts';
import { summarize } from '../../history/status/percentile.ts';
import { EVIDENCE_LIMITS } from '../../report/evidence-limits.ts';
import { formatObjective, formatTime, pluralize } from '../../report/view/format.ts';
import { VERDICT_SIGNS } from '../../report/view/verdict-view.ts';
import { describeGaps } from './gaps.ts';
import type { PeriodEvidence, PeriodRun } from './period.ts';
import { describeRemediation } from './remediation.ts';

const DAY_MS = 86_400_000;
/** Runs that a sentence about several names. */
const NAMED_RUNS = 4;

export function buildPeriodView(period: PeriodEvidence) {
  const { from, to, runs, head } = period;
  const newest = runs.findLast(({ evidence }) => evidence)?.evidence?.predicate;
  const findings = listFindings(period);
  const missing = listMissing(period, findings);
  const exclusions = newest?.scope.exclusions ?? [];
  const ended = runs.filter(({ end }) => end);
  const recovered = ended.filter(({ end }) => end?.verdict === 'recovered').length;
  return {
    from,
    to,
    head,
    system: newest?.identity.system ?? 'a Docker Swarm',
    headline: {
      ...VERDICT_SIGNS[missing.length === 0 ? 'recovered' : 'inconclusive'],
      word: missing.length === 0 ? 'Complete' : `${pluralize(missing.length, 'gap')} in the evidence`,
    },
    summary: `${pluralize(runs.length, 'run')} started, ${ended.length} ended, ${recovered} recovered completely`,
    missing,
    hasMissing: missing.length > 0,
    drills: listDrills(runs),
    findings,
    hasFindings: findings.length > 0,
    exclusions: exclusions.map((one) => ({
      object: one.object,
      reason: one.reason,
      acceptedBy: one['accepted-by'],
      until: one.until,
    })),
    hasExclusions: exclusions.length > 0,
    runs: runs.map(buildRunRow),
    limits: EVIDENCE_LIMITS,
  };
}

function listDrills(runs: readonly PeriodRun[]) {
  const results = runs.flatMap((run) => (run.end?.drills ?? []).map((result) => ({ run, result })));
  return [...Map.groupBy(results, ({ result }) => result.drill)]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([drill, own]) => {
      const count = (verdict: DrillResult['verdict']): number =>
        own.filter(({ result }) => result.verdict === verdict).length;
      const times = own.flatMap(({ result }) => result.rta ?? []);
      const [trend] = own.length > 1 ? buildTrend(own) : [];
      return {
        drill,
        runs: own.length,
        recovered: count('recovered'),
        failed: count('not-recovered'),
        inconclusive: count('inconclusive'),
        lastRecovered:
          own.findLast(({ result }) => result.verdict === 'recovered')?.run.startedAt.slice(0, 10) ?? 'never',
        median: formatTime(summarize(times)?.median ?? null),
        longest: formatTime(times.length > 0 ? Math.max(...times) : null),
        rto: formatObjective(own.at(-1)?.result.rto ?? null),
        trend,
      };
    });
}

function listFindings({ runs, byStatement }: PeriodEvidence) {
  return runs.flatMap(({ directory, end, evidence }) =>
    (end?.drills ?? [])
      .filter(({ verdict }) => verdict === 'not-recovered')
      .map(({ drill, reason }) => ({
        run: directory,
        drill,
        finding: reason,
        ...describeRemediation(evidence?.attestations ?? [], drill, (digest) => byStatement.get(digest)),
      })),
  );
}

function listMissing(period: PeriodEvidence, findings: ReturnType<typeof listFindings>): string[] {
  const { runs, from, to } = period;
  const names = (those: readonly PeriodRun[]): string[] => those.map(({ directory }) => directory);
  const say = (those: readonly PeriodRun[], what: string): string[] =>
    those.length === 0 ? [] : [`${pluralize(those.length, 'run')} ${what}: ${abbreviate(names(those))}`];
  const ended = runs.filter(({ end }) => end);
  const without = (role: string): PeriodRun[] =>
    ended.filter(
      ({ evidence }) => evidence && !evidence.attestations.some((attestation) => attestation.role === role),
    );
  const rules = runs.findLast(({ evidence }) => evidence)?.evidence?.predicate.identity.frequency ?? [];
  const open = findings.filter(({ isClosed }) => !isClosed);
  return [
    ...(runs.length === 0 ? ['any run in this period'] : []),
    ...(rules.length === 0 ? ['a required frequency: evidence.yml states none'] : []),
    ...describeGaps(rules, runs, Date.parse(from), Date.parse(to) + DAY_MS),
    ...say(
      runs.filter(({ end, removed }) => !end && removed === null),
      'started and did not end',
    ),
    ...say(
      ended.filter(({ evidence, removed }) => !evidence && removed === null),
      'without their files',
    ),
    ...say(
      ended.filter(({ end }) => end?.key === null),
      'unsigned',
    ),
    ...say(without('approver'), 'not approved'),
    ...say(without('reviewer'), 'not reviewed'),
    ...(open.length > 0 ? [`${pluralize(open.length, 'finding')} open`] : []),
  ];
}

/** A quarter has 92 nights: the names of all of them hide the rest of the list. The table of runs has them. */
function abbreviate(names: readonly string[]): string {
  const more = names.length - NAMED_RUNS;
  return more > 0 ? `${names.slice(0, NAMED_RUNS).join(', ')} and ${more} more` : names.join(', ');
}

function buildRunRow({ directory, end, evidence, removed }: PeriodRun) {
  const sign = end ? VERDICT_SIGNS[end.verdict] : VERDICT_SIGNS.inconclusive;
  const signer = (role: string): string =>
    evidence?.attestations.findLast((attestation) => attestation.role === role)?.person.name ??
    (removed === null ? 'no one' : 'files removed');
  return {
    run: directory,
    tone: sign.tone,
    verdict: end ? sign.word : 'Did not end',
    drills: end?.drills.length ?? 0,
    signed: end === null ? '' : end.key === null ? 'unsigned' : end.key.slice(0, 12),
    approved: signer('approver'),
    reviewed: signer('reviewer'),
    statement: end?.statement.slice(0, 12) ?? '',
  };
}
