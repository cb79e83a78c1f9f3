// Everything that run.mustache shows: one run on at most four printed pages, so long lists are cut and say by how much.
import { EVIDENCE_LIMITS } from '../../report/evidence-limits.ts';
import {
  formatLongDate,
  formatMoment,
  formatObjective,
  formatSize,
  formatTime,
  pluralize,
} from '../../report/view/format.ts';
import { VERDICT_SIGNS } from '../../report/view/verdict-view.ts';
import { describeOutcome, listControls } from '../controls.ts';
import type { RunEvidence } from '../source.ts';
import { describeRemediation } from './remediation.ts';

/** Rows that fit on four pages together with everything else. */
const RESULTS = 30;
const BACKUPS = 24;
const FINDINGS = 12;
const LIMITS = 6;
const LONGEST_TEXT = 220;
const WORST_FIRST = ['not-recovered', 'inconclusive', 'recovered'];

export function buildRunView(evidence: RunEvidence) {
  const { predicate, name, digest } = evidence;
  const { identity, results, plan } = predicate;
  const sorted = results.drills.toSorted(
    (a, b) => WORST_FIRST.indexOf(a.verdict) - WORST_FIRST.indexOf(b.verdict),
  );
  const findings = predicate.exceptions.slice(0, FINDINGS);
  const uncovered = predicate.scope.uncovered.map(({ object, reason }) => {
    const exclusion = predicate.scope.exclusions.find((one) => one.object === object);
    return {
      object,
      reason: exclusion?.reason ?? reason,
      acceptedBy: exclusion?.['accepted-by'] ?? 'no one',
      until: exclusion ? `${exclusion.until}${exclusion.expired ? ' (expired)' : ''}` : '',
    };
  });
  return {
    name,
    digest,
    verdict: VERDICT_SIGNS[results.verdict],
    startedAt: results.startedAt,
    date: formatLongDate(results.startedAt),
    system: identity.system ?? 'a Docker Swarm',
    outcome: shorten(capitalize(describeOutcome(predicate))),
    facts: [
      { term: 'Run', text: `${name} (${identity.run})` },
      { term: 'Owner', text: identity.owner ?? 'not stated' },
      { term: 'Policy', text: identity.policy?.document ?? 'not stated' },
      { term: 'Required', text: identity.frequency.map(describeRule).join(', ') || 'no frequency stated' },
    ],
    people: listPeople(evidence),
    controls: listControls(predicate).map((control) => ({
      ...control,
      evidenceFor: control.evidenceFor ?? 'not stated',
      notEvidenceFor: control.notEvidenceFor ?? 'not stated',
    })),
    clock: capitalize(results.clock),
    objectivesSource: plan.objectivesSource ?? 'not stated',
    results: sorted.slice(0, RESULTS).map((result) => ({
      drill: result.drill,
      verdict: VERDICT_SIGNS[result.verdict],
      rta: formatTime(result.rta),
      rto: formatObjective(result.rto),
      rpa: `${result.rpaIsLowerBound ? 'at least ' : ''}${formatTime(result.rpa)}`,
      rpo: formatObjective(result.rpo),
      lost: result.lostWrites ?? 'not measured',
      checks: describeChecks(result.checks),
    })),
    moreResults: sayMore(sorted.length - RESULTS, 'drill'),
    findings: findings.map(({ drill, finding }) => ({
      drill,
      finding: shorten(finding),
      ...describeRemediation(evidence.attestations, drill),
    })),
    hasFindings: findings.length > 0,
    scope: describeScope(evidence),
    uncovered,
    hasUncovered: uncovered.length > 0,
    population: capitalize(
      `${pluralize(predicate.scope.population.artifacts, 'artifact')}; ${predicate.scope.population.chosen}.`,
    ),
    backups: predicate.backup.slice(0, BACKUPS).map((backup) => ({
      ...backup,
      size: formatSize(backup.bytes),
      age: formatTime(backup.ageSeconds),
      onlyCopy: backup.onlyThisCopy?.result ?? 'not checked',
      sha256: backup.sha256.slice(0, 16),
    })),
    moreBackups: sayMore(predicate.backup.length - BACKUPS, 'artifact'),
    context: listContext(evidence),
    limits: EVIDENCE_LIMITS,
  };
}

export const describeRule = (rule: RunEvidence['predicate']['identity']['frequency'][number]): string =>
  `${'tag' in rule ? `tag ${rule.tag}` : rule.drill} every ${rule.every}`;

function listPeople({ predicate, attestations, keyId }: RunEvidence) {
  const { operator } = predicate.people;
  const signed = attestations.map(({ role, person, keyId: key, at, comment }) => ({
    role: capitalize(role.replaceAll('-', ' ')),
    name: person.name,
    key: key.slice(0, 16),
    at: formatMoment(at),
    comment: shorten(comment ?? ''),
  }));
  const absent = (['approver', 'reviewer'] as const)
    .filter((role) => !attestations.some((attestation) => attestation.role === role))
    .map((role) => ({
      role: capitalize(role),
      name: role === 'reviewer' ? 'Not reviewed' : 'Not approved',
      key: '',
      at: '',
      comment: '',
    }));
  return [
    {
      role: 'Operator',
      name: operator?.name ?? 'not named in evidence.yml',
      key: keyId === null ? 'unsigned' : keyId.slice(0, 16),
      at: formatMoment(predicate.results.endedAt),
      comment: predicate.plan.trigger
        ? `started by ${predicate.plan.trigger.name}${predicate.plan.trigger.url === null ? '' : `, ${predicate.plan.trigger.url}`}`
        : '',
    },
    ...signed,
    ...absent,
  ];
}

/** Returns e.g. `12 of 13, 1 unproven`. */
function describeChecks(checks: readonly { readonly result: string }[]): string {
  const count = (result: string): number => checks.filter((check) => check.result === result).length;
  const open = count('unproven');
  return `${count('pass')} of ${checks.length}${open > 0 ? `, ${open} unproven` : ''}`;
}

function describeScope({ predicate: { scope } }: RunEvidence): string {
  const kinds = new Set(scope.objects.map(({ object }) => object));
  const covered = new Set(
    scope.objects.filter(({ checkedBy }) => checkedBy.length > 0).map(({ object }) => object),
  );
  return `${covered.size} of ${pluralize(kinds.size, 'kind')} of objects compared: ${[...covered].sort().join(', ') || 'none'}.`;
}

function listContext({ predicate, digest, keyId }: RunEvidence) {
  const { plan, context, integrity, identity } = predicate;
  const cadence = integrity.cadence.map(
    ({ of, every, overdue }) => `${of} every ${every}${overdue ? ': overdue when this run started' : ''}`,
  );
  return [
    {
      term: 'Plan',
      text:
        plan.sha256 === null
          ? 'not recorded'
          : `SHA-256 ${plan.sha256}, recorded at ${plan.recordedAt ?? 'an unknown time'}`,
    },
    {
      term: 'Outside time',
      text: `plan: ${integrity.outsideTime.plan}; signature: ${integrity.outsideTime.signature}`,
    },
    {
      term: 'Statement',
      text: `SHA-256 ${digest}, ${keyId === null ? 'unsigned' : `signed with the key ${keyId}`}`,
    },
    {
      term: 'Ledger',
      text: `after ${pluralize(integrity.previous.entries, 'entry').replace('entrys', 'entries')}, head ${integrity.previous.head.slice(0, 16)}`,
    },
    { term: 'Cadence', text: cadence.join('; ') || 'no frequency stated' },
    {
      term: 'Runs that did not end',
      text: integrity.aborted.map(({ directory }) => directory).join(', ') || 'none before this one',
    },
    { term: 'Retention', text: integrity.retention ?? 'not stated' },
    { term: 'Environment', text: context.environment ?? 'difference to production not stated' },
    { term: 'Engines', text: context.engines.join('; ') },
    { term: 'Test data', text: context.testData ?? 'not stated' },
    { term: 'Tool', text: `${identity.tool}, commit ${identity.commit}` },
    {
      term: 'Limits of the methods',
      text:
        [
          ...context.limits.slice(0, LIMITS),
          ...(context.limits.length > LIMITS ? [`and ${context.limits.length - LIMITS} more`] : []),
        ].join('; ') || 'none declared',
    },
  ];
}

const sayMore = (more: number, noun: string): string | null =>
  more > 0 ? `And ${pluralize(more, noun)} more, in evidence and in run.json.` : null;
const shorten = (text: string): string =>
  text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}…` : text;
const capitalize = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
