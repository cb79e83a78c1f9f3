// What the first screen of a page says about its evidence: who signed it, who approved and reviewed it, and what was accepted.

/** A person and the key with which they signed. */
export interface Signatory {
  readonly name: string;
  readonly keyId: string;
  /** UTC. */
  readonly at: string;
  readonly comment: string;
}

/** A finding that a person explained, and what happens about it. */
export interface ExceptionFact {
  readonly finding: string;
  readonly cause: string | null;
  readonly owner: string | null;
  /** Date, e.g. `2027-01-31`. */
  readonly dueDate: string | null;
  readonly ticket: string | null;
  /** Until when the finding is accepted; a date. */
  readonly suppressedUntil: string | null;
  /** SHA-256 of the statement of the run that showed that it is fixed. */
  readonly closedBy: string | null;
  readonly by: Signatory;
}

/** What is known about a run's evidence when its pages are written. */
export interface Approval {
  /** Null if the run has no key: it says "unsigned". */
  readonly signed: { readonly keyId: string; readonly keyName?: string } | null;
  /** Which outside clock saw the plan, in words; null without one. */
  readonly time: string | null;
  readonly approver: Signatory | null;
  readonly reviewer: Signatory | null;
  readonly exceptions: readonly ExceptionFact[];
  /** False if the ledger could not be written: the run is missing there. */
  readonly inLedger: boolean;
}
