// Exports a run as CycloneDX declarations: a claim per control, the drills as evidence for or against it, and the people who signed.
// The format: https://cyclonedx.org/docs/1.7/json/#declarations
import { canonicalJson } from '../evidence/canonical.ts';
import { describeOutcome, isSatisfied, listControls } from './controls.ts';
import type { Attestation, RunEvidence } from './source.ts';
import { uuidOf } from './uuid.ts';

/** Returns the document as canonical JSON. */
export function exportCycloneDx(evidence: RunEvidence): string {
  const { predicate, digest } = evidence;
  const system = predicate.identity.system ?? 'Docker Swarm';
  return `${canonicalJson({
    $schema: 'http://cyclonedx.org/schema/bom-1.7.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.7',
    serialNumber: `urn:uuid:${uuidOf(digest, 'cyclonedx')}`,
    version: 1,
    metadata: {
      timestamp: predicate.results.endedAt,
      tools: {
        components: [{ type: 'application', name: 'swarm-drill', description: predicate.identity.tool }],
      },
      component: { type: 'platform', name: system, 'bom-ref': 'system' },
      properties: [
        { name: 'swarm-drill:statement-sha256', value: digest },
        { name: 'swarm-drill:run', value: predicate.identity.run },
        { name: 'swarm-drill:signing-key', value: evidence.keyId ?? 'unsigned' },
      ],
    },
    definitions: { standards: [standardOf(evidence)] },
    declarations: {
      assessors: [{ 'bom-ref': 'assessor', thirdParty: false, organization: { name: ownerOf(evidence) } }],
      attestations: [attestationOf(evidence)],
      claims: claimsOf(evidence),
      evidence: evidence.run.drills.map((report) => evidenceOf(report, evidence)),
      targets: { components: [{ type: 'platform', name: system, 'bom-ref': 'target' }] },
      ...affirmationOf(evidence),
    },
  })}\n`;
}

const ownerOf = ({ predicate }: RunEvidence): string => predicate.identity.owner ?? 'not stated';
const requirementRef = (id: string): string => `requirement ${id}`;
const claimRef = (id: string): string => `claim ${id}`;
const evidenceRef = (drill: string): string => `evidence ${drill}`;

/** The controls in scope as a standard, since frameworks do not publish theirs in this format. */
function standardOf({ predicate }: RunEvidence) {
  return {
    'bom-ref': 'standard',
    name: predicate.identity.policy?.document ?? 'controls in scope of the drills',
    requirements: listControls(predicate).map((control) => ({
      'bom-ref': requirementRef(control.id),
      identifier: control.id,
      title: control.name,
      ...(control.evidenceFor !== null && { text: `evidence for: ${control.evidenceFor}` }),
      ...(control.notEvidenceFor !== null && {
        descriptions: [`not evidence for: ${control.notEvidenceFor}`],
      }),
    })),
  };
}

/** Conformance is 1 or 0: a drill that was inconclusive shows nothing. Confidence is the share of checks that were proven. */
function attestationOf({ predicate, run }: RunEvidence) {
  const satisfied = isSatisfied(predicate);
  const checks = run.drills.flatMap((report) => report.checks);
  const proven = checks.filter(({ result }) => result !== 'unproven').length;
  return {
    summary: describeOutcome(predicate),
    assessor: 'assessor',
    map: listControls(predicate).map(({ id }) => ({
      requirement: requirementRef(id),
      ...(satisfied ? { claims: [claimRef(id)] } : { counterClaims: [claimRef(id)] }),
      conformance: {
        score: satisfied ? 1 : 0,
        rationale: `${predicate.results.verdict}: ${describeOutcome(predicate)}`,
      },
      confidence: {
        score: checks.length === 0 ? 0 : proven / checks.length,
        rationale: `${proven} of ${checks.length} checks compared something; the others are unproven on the machine that ran the drills`,
      },
    })),
  };
}

function claimsOf({ predicate, run }: RunEvidence) {
  const satisfied = isSatisfied(predicate);
  const drillsWith = (recovered: boolean): string[] =>
    run.drills
      .filter(({ verdict }) => (verdict === 'recovered') === recovered)
      .map(({ name }) => evidenceRef(name));
  const [supporting, against] = [drillsWith(true), drillsWith(false)];
  return listControls(predicate).map((control) => ({
    'bom-ref': claimRef(control.id),
    target: 'target',
    predicate: satisfied ? 'restores as required' : 'was not shown to restore as required',
    reasoning: describeOutcome(predicate),
    ...(supporting.length > 0 && { evidence: supporting }),
    ...(against.length > 0 && { counterEvidence: against }),
  }));
}

function evidenceOf(report: RunEvidence['run']['drills'][number], evidence: RunEvidence) {
  const review = evidence.attestations.findLast(({ role }) => role === 'reviewer');
  const operator = evidence.predicate.people.operator;
  return {
    'bom-ref': evidenceRef(report.name),
    propertyName: report.name,
    description: `${report.verdict}: ${report.reason}`,
    data: [
      {
        name: 'report',
        contents: { url: `${evidence.name}/${report.name}/report.json` },
        classification: 'restore drill',
      },
      {
        name: 'journal',
        contents: { url: `${evidence.name}/${report.name}/journal.jsonl` },
        classification: 'restore drill',
      },
    ],
    created: report.endedAt,
    ...(operator && { author: { name: operator.name } }),
    ...(review && { reviewer: { name: review.person.name } }),
  };
}

/** The people whose signatures are in the run's directory. The format's own signatures are not used: DSSE signs what is signed. */
function affirmationOf(evidence: RunEvidence) {
  const signed = evidence.attestations.filter(({ role }) => role === 'reviewer' || role === 'approver');
  if (signed.length === 0) return {};
  return {
    affirmation: {
      statement: 'Reviewed or approved, by a signed statement over the digest of the run.',
      signatories: signed.map((attestation) => signatoryOf(attestation, evidence)),
    },
  };
}

const signatoryOf = ({ person, role, file, keyId, at }: Attestation, evidence: RunEvidence) => ({
  name: person.name,
  role,
  organization: { name: ownerOf(evidence) },
  externalReference: {
    type: 'attestation',
    url: `${evidence.name}/${file}`,
    comment: `signed at ${at} with the key ${keyId}`,
  },
});
