// What a person states about a run that ended: that they reviewed or approved it, what happens about a finding, or which later run
// closes it. Each statement has the digest of the run's statement, and of the attestation before it.
import { z } from 'zod';
import type { Approval, ExceptionFact, Signatory } from '../../model/approval.ts';
import { ATTESTATION_ROLES, hex64 } from '../ledger/entry.ts';

export const ATTESTATION_TYPE = 'https://swarm-drill.dev/attestation/v1';

const text = z.string().min(1);
const date = z.iso.date();

export const AttestationPredicate = z.object({
  role: z.enum(ATTESTATION_ROLES),
  person: z.object({ name: text, key: hex64.describe('id of the key with which they sign') }),
  at: z.iso.datetime().describe('UTC'),
  comment: z.string(),
  finding: text.optional().describe('name of the drill whose finding it is about'),
  cause: text.optional(),
  owner: text.optional().describe('who takes care of it'),
  dueDate: date.optional(),
  ticket: text.optional(),
  suppressedUntil: date.optional().describe('last day on which the finding is accepted'),
  retest: hex64.optional().describe('digest of the statement of the run that closes the finding'),
});
export type AttestationPredicate = z.infer<typeof AttestationPredicate>;

/** Returns the file of an attestation, relative to the run. @param number counted from 1 */
export const attestationFile = (number: number, role: string): string =>
  `attestations/${String(number).padStart(3, '0')}-${role}.sigstore.json`;

/** Returns what the pages say after these attestations, oldest first: of approvals and reviews the newest counts. */
export function approvalAfter(before: Approval, attestations: readonly AttestationPredicate[]): Approval {
  const newest = (role: string): Signatory | null => {
    const found = attestations.findLast((one) => one.role === role);
    return found ? toSignatory(found) : null;
  };
  return {
    ...before,
    approver: newest('approver'),
    reviewer: newest('reviewer'),
    exceptions: listExceptions(attestations),
  };
}

/** Returns one row for each finding that a person wrote about: its newest exception, and the run that closes it, if there is one. */
function listExceptions(attestations: readonly AttestationPredicate[]): ExceptionFact[] {
  const about = attestations.filter(({ finding }) => finding !== undefined);
  return [...Map.groupBy(about, ({ finding }) => finding ?? '')].flatMap(([finding, all]) => {
    const exception = all.findLast(({ role }) => role === 'exception');
    const closing = all.findLast(({ role }) => role === 'closed-by');
    const newest = exception ?? closing;
    if (!newest) return [];
    return {
      finding,
      cause: exception?.cause ?? null,
      owner: exception?.owner ?? null,
      dueDate: exception?.dueDate ?? null,
      ticket: exception?.ticket ?? null,
      suppressedUntil: exception?.suppressedUntil ?? null,
      closedBy: closing?.retest ?? null,
      by: toSignatory(newest),
    };
  });
}

const toSignatory = ({ person, at, comment }: AttestationPredicate): Signatory => ({
  name: person.name,
  keyId: person.key,
  at,
  comment,
});
