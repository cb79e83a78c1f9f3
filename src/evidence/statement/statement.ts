// An in-toto statement: what is stated (the predicate) about which files (the subjects, by hash).
import { z } from 'zod';
import { sha256 } from '../../support/sha256.ts';
import { canonicalJson } from '../canonical.ts';
import { hex64 } from '../ledger/entry.ts';

export const STATEMENT_TYPE = 'https://in-toto.io/Statement/v1';

export const Subject = z.object({ name: z.string(), digest: z.object({ sha256: hex64 }) });
export type Subject = z.infer<typeof Subject>;

export interface Statement<P> {
  readonly _type: typeof STATEMENT_TYPE;
  readonly subject: readonly Subject[];
  readonly predicateType: string;
  readonly predicate: P;
}

/** A statement as text, and its digest: by that a ledger and later statements name it. */
export interface WrittenStatement<P> {
  readonly statement: Statement<P>;
  /** Canonical JSON. */
  readonly payload: string;
  readonly digest: string;
}

/** @param subject in any order */
export function writeStatement<P>(
  predicateType: string,
  subject: readonly Subject[],
  predicate: P,
): WrittenStatement<P> {
  const statement: Statement<P> = {
    _type: STATEMENT_TYPE,
    subject: subject.toSorted(compareSubjects),
    predicateType,
    predicate,
  };
  const payload = canonicalJson(statement);
  return { statement, payload, digest: sha256(payload) };
}

/** By code units, so that the order is the same in every language. */
function compareSubjects(a: Subject, b: Subject): number {
  if (a.name !== b.name) return a.name < b.name ? -1 : 1;
  return a.digest.sha256 < b.digest.sha256 ? -1 : 1;
}
