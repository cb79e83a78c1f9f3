// The statement of a run: its files and artifacts by digest, and what is claimed about them (in-toto Statement v1:
// https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md). Signed in a bundle, or bare if the run had no key.
import { z } from 'zod';
import { sha256 } from '../../support/sha256.ts';
import { type Bundle, IN_TOTO, parseBundle } from './bundle.ts';
import { decodeText, matchSchema, parseJson, Unreadable } from './strict.ts';

export const EVIDENCE_TYPE = 'https://swarm-drill.dev/evidence/v1';
export const ATTESTATION_TYPE = 'https://swarm-drill.dev/attestation/v1';
export const TEST_RESULT_TYPE = 'https://in-toto.io/attestation/test-result/v0.1';

/** What the names of artifacts begin with; all other subjects are files. */
export const ARTIFACT = 'artifact:';

export const hex64 = z.string().regex(/^[0-9a-f]{64}$/, 'expected a SHA-256 in hexadecimal');

const StatementFile = z.strictObject({
  _type: z.literal('https://in-toto.io/Statement/v1'),
  subject: z.array(z.strictObject({ name: z.string(), digest: z.strictObject({ sha256: hex64 }) })),
  predicateType: z.string(),
  predicate: z.record(z.string(), z.unknown()),
});

/** The part of a run's predicate that the verifier compares with the journals and with people. */
export const EvidencePredicate = z.object({
  identity: z.object({ run: z.string() }),
  plan: z.object({
    sha256: hex64.nullable(),
    merged: z.array(z.object({ directory: z.string() })).nullable(),
  }),
  people: z.object({ operator: z.object({ name: z.string(), key: hex64 }).nullable() }),
  results: z.object({
    verdict: z.string(),
    exitCode: z.int(),
    drills: z.array(
      z.object({
        drill: z.string(),
        verdict: z.string(),
        rta: z.number().nullable(),
        rpa: z.number().nullable(),
        lostWrites: z.number().nullable(),
        checks: z.array(z.object({ name: z.string(), result: z.string() })),
      }),
    ),
  }),
});
export type EvidencePredicate = z.infer<typeof EvidencePredicate>;

export interface Statement {
  /** Digests of files, and of other statements, by name. */
  readonly subjects: ReadonlyMap<string, string>;
  /** What the drills stored. One name has several digests if it was written several times. */
  readonly artifacts: readonly { readonly name: string; readonly digest: string }[];
  readonly predicate: Readonly<Record<string, unknown>>;
  /** SHA-256 of the payload: how other statements and the ledger refer to this one. */
  readonly digest: string;
  /** Null if it is not signed. */
  readonly bundle: Bundle | null;
}

/** @throws Unreadable */
export const parseSignedStatement = (bytes: Uint8Array, predicateType: string): Statement => {
  const bundle = parseBundle(bytes, IN_TOTO);
  return parseStatement(bundle.payload, bundle, predicateType);
};

/** @param bundle which carries it @throws Unreadable */
export function parseStatement(payload: Buffer, bundle: Bundle | null, predicateType: string): Statement {
  const text = decodeText(payload);
  const { subject, predicateType: type, predicate } = matchSchema(StatementFile, parseJson(text));
  if (type !== predicateType) throw new Unreadable('another type of predicate', predicateType, type);
  const named = subject.map(({ name, digest }) => ({ name, digest: digest.sha256 }));
  const artifacts = named.filter(({ name }) => name.startsWith(ARTIFACT));
  const others = named.filter(({ name }) => !name.startsWith(ARTIFACT));
  const subjects = new Map(others.map(({ name, digest: hash }) => [name, hash]));
  if (subjects.size !== others.length) throw new Unreadable('two subjects have the same name');
  return { subjects, artifacts, predicate, digest: sha256(payload), bundle };
}
