// What exports are made from: a run's statement, its report, and what people attested. All of it is in the run's directory.
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { ATTESTATION_ROLES } from '../evidence/ledger/entry.ts';
import { payloadOf } from '../evidence/signing/bundle.ts';
import { EvidencePredicate } from '../evidence/statement/predicate.ts';
import { BUNDLE_FILE, STATEMENT_FILE } from '../evidence/statement/subjects.ts';
import { Run } from '../report/schema.ts';
import { usage } from '../support/errors.ts';
import { sha256 } from '../support/sha256.ts';

const Attestation = z.object({
  role: z.enum(ATTESTATION_ROLES),
  person: z.looseObject({ name: z.string() }),
  at: z.string(),
  comment: z.string().nullish(),
  finding: z.string().nullish(),
  cause: z.string().nullish(),
  owner: z.string().nullish(),
  dueDate: z.string().nullish(),
  ticket: z.string().nullish(),
  suppressedUntil: z.string().nullish(),
  retest: z.string().nullish(),
});
/** What a person signed about the run. Exports repeat it; `swarm-drill verify` checks the signature. */
export type Attestation = z.infer<typeof Attestation> & {
  /** Relative to the run. */
  readonly file: string;
  /** Key id that the bundle names. */
  readonly keyId: string;
};

export interface RunEvidence {
  /** Name of the run's directory. */
  readonly name: string;
  readonly run: Run;
  readonly predicate: EvidencePredicate;
  /** SHA-256 of the statement's payload. */
  readonly digest: string;
  /** Null if the run is unsigned. */
  readonly keyId: string | null;
  readonly attestations: readonly Attestation[];
}

const Bundle = z.looseObject({
  verificationMaterial: z.looseObject({ publicKey: z.looseObject({ hint: z.string() }) }),
});

/** @throws DrillError `usage` if `directory` has no run with a statement */
export async function readRunEvidence(directory: string): Promise<RunEvidence> {
  const { payload, keyId } = await readStatement(directory);
  const { predicate } = z.looseObject({ predicate: EvidencePredicate }).parse(JSON.parse(payload));
  return {
    name: predicate.identity.directory,
    run: Run.parse(JSON.parse(await readFile(path.join(directory, 'run.json'), 'utf8'))),
    predicate,
    digest: sha256(payload),
    keyId,
    attestations: await readAttestations(directory),
  };
}

async function readStatement(directory: string): Promise<{ payload: string; keyId: string | null }> {
  const signed = path.join(directory, BUNDLE_FILE);
  if (existsSync(signed)) {
    const text = await readFile(signed, 'utf8');
    return { payload: payloadOf(text), keyId: keyIdOf(text) };
  }
  const unsigned = path.join(directory, STATEMENT_FILE);
  if (existsSync(unsigned)) return { payload: await readFile(unsigned, 'utf8'), keyId: null };
  throw usage(
    `${directory}: contains neither ${BUNDLE_FILE} nor ${STATEMENT_FILE}`,
    'Pass the directory of a run that ended, e.g. reports/latest; `swarm-drill report` seals a run that was killed.',
  );
}

async function readAttestations(directory: string): Promise<Attestation[]> {
  const folder = path.join(directory, 'attestations');
  const names = existsSync(folder) ? (await readdir(folder)).sort() : [];
  return Promise.all(
    names.map(async (name) => {
      const text = await readFile(path.join(folder, name), 'utf8');
      const { predicate } = z.looseObject({ predicate: Attestation }).parse(JSON.parse(payloadOf(text)));
      return { ...predicate, file: `attestations/${name}`, keyId: keyIdOf(text) };
    }),
  );
}

const keyIdOf = (bundle: string): string =>
  Bundle.parse(JSON.parse(bundle)).verificationMaterial.publicKey.hint;
