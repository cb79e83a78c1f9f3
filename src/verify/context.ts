// What the points are given: what the auditor pinned, and how to reach the parts of the evidence.
import type { PublicKey } from './read/keys.ts';
import type { People } from './read/people.ts';
import type { Run } from './read/run.ts';
import { EvidencePredicate, type Statement } from './read/statement.ts';
import type { Read } from './read/strict.ts';

/** What the auditor has from elsewhere, and trusts. */
export interface Pinned {
  /** Keys that may sign runs and the ledger. */
  readonly keys: readonly PublicKey[];
  /** People who may sign attestations; null if none were given. */
  readonly people: People | null;
  /** Further keys of people. */
  readonly persons: readonly PublicKey[];
  /** DER of the certificates of the time-stamp authority; null if none were given. */
  readonly timeAuthority: readonly Buffer[] | null;
  /** Files that should be artifacts of a run. */
  readonly artifacts: readonly string[];
  /** An earlier copy of ledger.sigstore.json that the auditor kept. */
  readonly earlierHead: string | null;
  /** Milliseconds since the epoch: until when drills are due. */
  readonly now: number;
}

/** All keys that may have signed an attestation. */
export const keysOfPeople = ({ people, persons }: Pinned): readonly PublicKey[] => [
  ...(people?.keys ?? []),
  ...persons,
];

export const valueOf = <T>(read: Read<T> | null): T | null => (read?.ok ? read.value : null);

/** Returns the run's statement; null if there is none, or it can't be read. Point 1 says which. */
export const statementOf = (run: Run): Statement | null => valueOf(run.statement);

/** Returns what the run's statement states; null if it lacks a field. Point 6 reports that. */
export const predicateOf = (run: Run): EvidencePredicate | null =>
  EvidencePredicate.safeParse(statementOf(run)?.predicate).data ?? null;

export const attestationsOf = (run: Run) => run.attestations.flatMap((read) => (read.ok ? [read.value] : []));

export const NO_STATEMENT = 'the statement of the run is missing or unreadable: see point 1';
