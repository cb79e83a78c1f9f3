// What the first screen says about the evidence: who signed, approved and reviewed it, or that no one did.
import type { Approval, ExceptionFact, Signatory } from '../../model/approval.ts';
import { formatLongDate } from './format.ts';

const NOTHING: Approval = {
  signed: null,
  time: null,
  approver: null,
  reviewer: null,
  exceptions: [],
  inLedger: false,
};

export function buildApproval(approval: Approval = NOTHING) {
  const { signed, time, approver, reviewer, exceptions, inLedger } = approval;
  return {
    rows: [
      {
        term: 'Signature',
        text: signed ? `Signed by ${signed.keyName ?? 'the key'}` : 'Unsigned',
        key: signed && shorten(signed.keyId),
        note: time,
      },
      { term: 'Approval', ...describeSignatory(approver, 'Approved') },
      { term: 'Review', ...describeSignatory(reviewer, 'Reviewed') },
    ],
    outsideLedger: !inLedger,
    exceptions: exceptions.map(describeException),
    hasExceptions: exceptions.length > 0,
  };
}

function describeSignatory(by: Signatory | null, done: string) {
  if (!by) return { text: `Not ${done.toLowerCase()}`, key: null, note: null };
  return {
    text: `${done} by ${by.name}, ${formatLongDate(by.at)}`,
    key: shorten(by.keyId),
    note: by.comment,
  };
}

function describeException(one: ExceptionFact) {
  return {
    ...one,
    by: one.by.name,
    status: one.closedBy === null ? 'open' : `closed by the run with the statement ${shorten(one.closedBy)}`,
  };
}

/** The first digits of a hash are enough to recognize it. */
const shorten = (hash: string): string => hash.slice(0, 12);
