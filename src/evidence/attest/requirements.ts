// What has to be true before a person's statement is signed: who may say it, and that it says enough.
import { DrillError, usage } from '../../support/errors.ts';
import type { AttestRequest } from './attest.ts';
import { readSealedRun, type SealedRun } from './sealed-run.ts';

/** Fields that each role needs, by the option that gives them. */
const NEEDED = {
  reviewer: [],
  approver: [],
  exception: ['finding', 'cause', 'owner', 'dueDate'],
  'closed-by': ['finding', 'retest'],
} as const;
const OPTIONS = {
  finding: '--finding',
  cause: '--cause',
  owner: '--owner',
  dueDate: '--due',
  retest: '--retest',
};

/** @throws DrillError `usage` */
export function requireAllowed(request: AttestRequest, sealed: SealedRun): void {
  const { role, key, name, allowed, finding } = request;
  const missing = NEEDED[role].filter((field) => !request[field]).map((field) => OPTIONS[field]);
  if (missing.length > 0)
    throw usage(`attest --as ${role}: missing ${missing.join(', ')}`, 'Pass them; nothing was signed.');
  if (role === 'reviewer') requireIndependence(request, sealed);
  if (allowed && !allowed.includes(key.id))
    throw usage(
      `attest --as ${role}: evidence.yml does not list the key ${key.id} of ${name} for this role`,
      `Add it under people, or sign with a key that is listed.`,
    );
  if (finding !== undefined) requireFinding(finding, sealed);
}

/** A review is worth something because another person made it. */
function requireIndependence({ key, name }: AttestRequest, { keyId, predicate }: SealedRun): void {
  const { operator } = predicate.people;
  if (key.id !== keyId && key.id !== operator?.key && name !== operator?.name) return;
  throw usage(
    `attest --as reviewer: ${name} ran these drills (the run was signed with the key ${keyId ?? 'of no one'})`,
    'Let another person review them, with a key that runs no drills: `swarm-drill keys init`.',
  );
}

function requireFinding(finding: string, { predicate }: SealedRun): void {
  const failed = [...new Set(predicate.exceptions.map(({ drill }) => drill))];
  if (failed.includes(finding)) return;
  throw usage(
    `expected a drill of this run that did not recover (${failed.join(', ') || 'there is none'}), got "${finding}"`,
    'Name the drill with --finding.',
  );
}

/**
 * Returns the digest of the run that closes a finding.
 * @throws DrillError a finding if the drill did not recover in it, or it is not later
 */
export async function readRetest(
  directory: string,
  drill: string,
  { predicate }: SealedRun,
): Promise<string> {
  const retest = await readSealedRun(directory);
  const result = retest.predicate.results.drills.find((one) => one.drill === drill);
  if (result?.verdict === 'recovered' && result.startedAt > predicate.results.endedAt) return retest.digest;
  const got = !result
    ? `${drill} did not run in it`
    : result.verdict === 'recovered'
      ? `it started at ${result.startedAt}, before the finding`
      : `${drill} was ${result.verdict} in it`;
  throw new DrillError(`${directory}: expected a later run in which ${drill} recovered, got: ${got}`, {
    code: 'no-retest',
    blame: 'finding',
    hint: 'Correct the cause, run the drill again, and name that run with --retest.',
  });
}
