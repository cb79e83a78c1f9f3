// Exports a run as OSCAL assessment results: one observation per drill, one finding per control.
// The model: https://pages.nist.gov/OSCAL-Reference/models/v1.2.1/assessment-results/json-reference/
import { canonicalJson } from '../evidence/canonical.ts';
import { describeOutcome, isSatisfied, listControls, toToken } from './controls.ts';
import type { Attestation, RunEvidence } from './source.ts';
import { uuidOf } from './uuid.ts';

const OSCAL_VERSION = '1.2.1';
const NAMESPACE = 'https://swarm-drill.dev/evidence/v1';
const ROLES: Readonly<Record<Attestation['role'], string>> = {
  reviewer: 'reviewer',
  approver: 'approver',
  exception: 'owner-of-exception',
  'closed-by': 'closer-of-finding',
};

/** Returns assessment-results as canonical JSON. */
export function exportOscal(evidence: RunEvidence): string {
  const { predicate, digest, name } = evidence;
  const id = (part: string): string => uuidOf(digest, part);
  const { startedAt, endedAt } = predicate.results;
  return `${canonicalJson({
    'assessment-results': {
      uuid: id('assessment-results'),
      metadata: metadataOf(evidence, id),
      'import-ap': {
        href: `${name}/plan.json`,
        remarks:
          'The plan of the run as swarm-drill recorded it before the start. It is not an OSCAL assessment plan.',
      },
      results: [
        {
          uuid: id('result'),
          title: `Restore drills of ${predicate.identity.system ?? 'a Docker Swarm'}`,
          description: text(describeOutcome(predicate)),
          start: startedAt,
          end: endedAt,
          props: [
            property('verdict', predicate.results.verdict),
            property('statement-sha256', digest),
            ...(evidence.keyId === null ? [] : [property('signing-key', evidence.keyId)]),
          ],
          'reviewed-controls': reviewedControls(evidence),
          ...attestationsOf(evidence),
          observations: evidence.run.drills.map((report) => observationOf(report, evidence, id)),
          ...risksOf(evidence, id),
          findings: findingsOf(evidence, id),
        },
      ],
    },
  })}\n`;
}

type Identify = (part: string) => string;

/** Text without white space at its ends, and never empty: an OSCAL string must have both. */
const text = (value: string): string => value.replaceAll(/\s+/g, ' ').trim() || 'not stated';
const property = (name: string, value: string) => ({ name, ns: NAMESPACE, value: text(value) });

function metadataOf({ predicate, attestations }: RunEvidence, id: Identify) {
  const { identity, results, people } = predicate;
  const operator = people.operator;
  const persons = [
    ...(operator ? [{ role: 'operator', name: operator.name, key: operator.key }] : []),
    ...attestations.map(({ role, person, keyId }) => ({ role: ROLES[role], name: person.name, key: keyId })),
  ];
  const roles = [...new Set(persons.map(({ role }) => role))].sort();
  const keys = [...new Map(persons.map((person) => [person.key, person])).values()];
  return {
    title: 'Restore drills',
    'last-modified': results.endedAt,
    version: text(identity.tool),
    'oscal-version': OSCAL_VERSION,
    ...(roles.length > 0 && { roles: roles.map((role) => ({ id: role, title: role.replaceAll('-', ' ') })) }),
    parties: [
      {
        uuid: id('tool'),
        type: 'organization',
        name: identity.owner === null ? 'swarm-drill' : text(identity.owner),
      },
      ...keys.map(({ name, key }) => ({
        uuid: id(`key ${key}`),
        type: 'person',
        name: text(name),
        props: [property('key', key)],
      })),
    ],
    ...(roles.length > 0 && {
      'responsible-parties': roles.map((role) => ({
        'role-id': role,
        'party-uuids': [
          ...new Set(persons.filter((person) => person.role === role).map(({ key }) => id(`key ${key}`))),
        ],
      })),
    }),
  };
}

function reviewedControls({ predicate }: RunEvidence) {
  const controls = listControls(predicate);
  return {
    'control-selections': [{ 'include-controls': controls.map((control) => ({ 'control-id': control.id })) }],
    remarks: controls
      .map(
        ({ name, evidenceFor, notEvidenceFor }) =>
          `${name}: evidence for ${evidenceFor ?? 'what the drills show'}; not evidence for ${notEvidenceFor ?? 'anything else'}`,
      )
      .join('\n'),
  };
}

function attestationsOf({ attestations }: RunEvidence) {
  if (attestations.length === 0) return {};
  return {
    attestations: attestations.map(({ role, person, at, comment, file }) => ({
      parts: [
        {
          name: toToken(role),
          title: `${person.name}, ${ROLES[role].replaceAll('-', ' ')}, ${at}`,
          prose: comment ? text(comment) : `Signed in ${file}.`,
        },
      ],
    })),
  };
}

function observationOf(report: RunEvidence['run']['drills'][number], { name }: RunEvidence, id: Identify) {
  const { actual, objectives, checks } = report;
  const measured = {
    'rta-seconds': actual.rtaSeconds,
    'rto-seconds': objectives.rtoSeconds,
    'rpa-seconds': actual.rpaSeconds,
    'rpo-seconds': objectives.rpoSeconds,
    'lost-writes': actual.lostWrites,
    'checks-passed': checks.filter(({ result }) => result === 'pass').length,
    'checks-failed': checks.filter(({ result }) => result === 'fail').length,
    'checks-unproven': checks.filter(({ result }) => result === 'unproven').length,
  };
  return {
    uuid: id(`observation ${report.name}`),
    title: text(report.title),
    description: text(report.reason),
    props: [
      property('verdict', report.verdict),
      ...Object.entries(measured).flatMap(([field, value]) =>
        value === null ? [] : [property(field, String(value))],
      ),
    ],
    methods: ['TEST'],
    types: ['finding'],
    origins: [{ actors: [{ type: 'party', 'actor-uuid': id('tool') }] }],
    'relevant-evidence': [
      { href: `${name}/${report.name}/report.json`, description: 'Measurements, checks and differences.' },
      {
        href: `${name}/${report.name}/journal.jsonl`,
        description: 'Everything that happened, as it was recorded.',
      },
    ],
    collected: report.endedAt,
  };
}

/** Exceptions that people attested: who owns what is open, and until when. */
function risksOf({ attestations }: RunEvidence, id: Identify) {
  const exceptions = attestations.filter(({ role }) => role === 'exception');
  if (exceptions.length === 0) return {};
  return {
    risks: exceptions.map(({ finding, cause, owner, dueDate, ticket, suppressedUntil, file }) => ({
      uuid: id(`risk ${file}`),
      title: text(finding ?? 'a finding of the run'),
      description: text(cause ?? 'cause not stated'),
      statement: text(
        [`owner ${owner ?? 'not stated'}`, dueDate && `due ${dueDate}`, ticket && `ticket ${ticket}`]
          .filter(Boolean)
          .join(', '),
      ),
      status: suppressedUntil ? 'deviation-approved' : 'open',
      ...(dueDate && /^\d{4}-\d{2}-\d{2}$/.test(dueDate) && { deadline: `${dueDate}T23:59:59Z` }),
    })),
  };
}

function findingsOf({ predicate, run, name }: RunEvidence, id: Identify) {
  const satisfied = isSatisfied(predicate);
  return listControls(predicate).map((control) => ({
    uuid: id(`finding ${control.id}`),
    title: control.name,
    description: text(describeOutcome(predicate)),
    target: {
      type: 'objective-id',
      'target-id': control.id,
      status: {
        state: satisfied ? 'satisfied' : 'not-satisfied',
        reason: predicate.results.verdict === 'inconclusive' ? 'other' : satisfied ? 'pass' : 'fail',
        remarks: `${predicate.results.verdict}: ${text(describeOutcome(predicate))}. Run ${name}.`,
      },
    },
    'related-observations': run.drills.map((report) => ({
      'observation-uuid': id(`observation ${report.name}`),
    })),
  }));
}
