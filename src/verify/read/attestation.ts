// What people signed about a run after it ended: reviews, approvals, exceptions, and which run closes a finding.
import { z } from 'zod';
import { ATTESTATION_TYPE, hex64, parseSignedStatement, type Statement } from './statement.ts';
import { matchSchema } from './strict.ts';

const Predicate = z.object({
  role: z.enum(['reviewer', 'approver', 'exception', 'closed-by']),
  person: z.looseObject({ name: z.string() }),
  at: z.iso.datetime(),
  finding: z.string().nullish(),
  dueDate: z.string().nullish(),
  suppressedUntil: z.string().nullish(),
  retest: hex64.nullish(),
});

export interface Attestation extends Statement, z.infer<typeof Predicate> {
  /** Relative to the run. */
  readonly file: string;
}

/** @throws Unreadable */
export function parseAttestation(bytes: Uint8Array, file: string): Attestation {
  const statement = parseSignedStatement(bytes, ATTESTATION_TYPE);
  return { ...statement, ...matchSchema(Predicate, statement.predicate), file };
}
