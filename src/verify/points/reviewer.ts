// Point 11: who reviewed a run did not run it. Their keys distinguish people.
import { attestationsOf, keysOfPeople, type Pinned, predicateOf, statementOf, valueOf } from '../context.ts';
import type { Attestation } from '../read/attestation.ts';
import { shortId, verifySignature } from '../read/keys.ts';
import { isKeyId, type People } from '../read/people.ts';
import type { Run } from '../read/run.ts';
import type { Findings } from '../result.ts';

export function checkReviewer(run: Run, pinned: Pinned, findings: Findings): void {
  const attestations = attestationsOf(run);
  const reviews = attestations.filter(({ role }) => role === 'reviewer');
  if (reviews.length === 0) findings.cannotShow('not reviewed');
  if (!attestations.some(({ role }) => role === 'approver')) findings.see('not approved');
  const operators = operatorsOf(run, pinned.people);
  for (const review of reviews) checkIndependence(review, operators, run, findings);
  for (const attestation of attestations) checkRole(attestation, pinned, findings);
}

/** Returns the ids of the keys that ran drills: the one that signed the run, and those of the people who may. */
function operatorsOf(run: Run, people: People | null): ReadonlySet<string> {
  const signers = [statementOf(run)?.bundle?.keyId, predicateOf(run)?.people.operator?.key];
  const planned = valueOf(run.plan)?.facts?.people?.operators ?? [];
  return new Set([
    ...signers.filter((id) => id !== undefined),
    ...planned.map(({ key }) => key).filter(isKeyId),
    ...(people?.operators ?? []),
  ]);
}

function checkIndependence(
  { file, bundle, person, at }: Attestation,
  operators: ReadonlySet<string>,
  run: Run,
  findings: Findings,
): void {
  const id = bundle?.keyId ?? '';
  const operator = predicateOf(run)?.people.operator?.name ?? valueOf(run.plan)?.operator;
  if (operators.has(id) || (operator && operator === person.name))
    findings.fail({
      where: file,
      what: 'the reviewer is who ran the drills',
      expected: 'another person, with a key that runs no drills',
      got: `${person.name}, key ${shortId(id)}`,
    });
  else findings.see(`reviewed by ${person.name} at ${at}, key ${shortId(id)}`);
}

/** A role counts only if the auditor's list of people has the key in it. */
function checkRole({ file, role, bundle, person }: Attestation, pinned: Pinned, findings: Findings): void {
  if (!bundle || (role !== 'reviewer' && role !== 'approver')) return;
  const { people } = pinned;
  const id = shortId(bundle.keyId);
  if (!people)
    return findings.cannotShow(
      `${file}: key ${id} says that it is ${person.name}; pass the people with --people`,
    );
  const members = role === 'reviewer' ? people.reviewers : people.approvers;
  if (!members.has(bundle.keyId))
    findings.fail({
      where: file,
      what: `${person.name} is not listed as ${role}`,
      expected: [...members].map(shortId).join(' or ') || `a ${role} in the list of people`,
      got: id,
    });
  else if (verifySignature(bundle, keysOfPeople(pinned)) === 'unknown key')
    findings.cannotShow(`${file}: the list of people has only the id of the key ${id}, not the key`);
}
