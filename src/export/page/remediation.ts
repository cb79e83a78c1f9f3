// What people attested about a finding: who owns it, until when, and which run closed it.
import type { Attestation } from '../source.ts';

export interface Remediation {
  readonly remediation: string;
  readonly closedBy: string;
  readonly isClosed: boolean;
}

/** @param nameOf returns the run of a statement's digest; undefined if it is not known */
export function describeRemediation(
  attestations: readonly Attestation[],
  drill: string,
  nameOf: (digest: string) => string | undefined = () => undefined,
): Remediation {
  const about = attestations.filter(({ finding }) => !finding || finding === drill);
  const exception = about.findLast(({ role }) => role === 'exception');
  const closing = about.findLast(({ role }) => role === 'closed-by');
  const due = exception?.suppressedUntil ?? exception?.dueDate;
  const parts = [
    exception?.owner ?? exception?.person.name,
    due && `due ${due}`,
    exception?.ticket,
    exception?.cause,
  ];
  return {
    remediation: exception ? parts.filter(Boolean).join(', ') : 'no owner stated',
    closedBy: closing
      ? `${nameOf(closing.retest ?? '') ?? `statement ${(closing.retest ?? 'not named').slice(0, 12)}`}, by ${closing.person.name}`
      : 'open',
    isClosed: closing !== undefined,
  };
}
