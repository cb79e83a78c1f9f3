// A sealed run as a person finds it who is asked to sign: its statement, the attestations so far, and whether its files are still those.
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SerializedBundle } from '@sigstore/bundle';
import { DrillError, usage } from '../../support/errors.ts';
import { sha256 } from '../../support/sha256.ts';
import { payloadOf } from '../signing/bundle.ts';
import { EvidencePredicate } from '../statement/predicate.ts';
import type { Statement } from '../statement/statement.ts';
import { ATTESTATIONS, BUNDLE_FILE, hashFiles, STATEMENT_FILE } from '../statement/subjects.ts';
import { AttestationPredicate } from './attestation.ts';

export interface SealedRun {
  /** Digest of its statement. */
  readonly digest: string;
  readonly predicate: EvidencePredicate;
  /** Id of the key that signed it; null if none did. */
  readonly keyId: string | null;
  readonly attestations: readonly AttestationPredicate[];
  /** Digest of the newest attestation; null if there is none. */
  readonly newest: string | null;
  /** What each file of the run must be, by name: of a page that shows attestations, what the newest of them states. */
  readonly files: ReadonlyMap<string, string>;
}

/**
 * Reads a run and compares its files with their digests.
 * @throws DrillError `usage` for a run that is not sealed; a finding if it was changed since
 */
export async function readSealedRun(directory: string): Promise<SealedRun> {
  const { payload, keyId } = await readStatement(directory);
  const statement = JSON.parse(payload) as Statement<unknown>;
  const files = new Map(
    statement.subject
      .filter(({ name }) => !name.startsWith('artifact:'))
      .map(({ name, digest }) => [name, digest.sha256]),
  );
  const attestations: AttestationPredicate[] = [];
  let newest: string | null = null;
  for (const name of await namesIn(join(directory, ATTESTATIONS))) {
    const text = payloadOf(await readFile(join(directory, ATTESTATIONS, name), 'utf8'));
    const { subject, predicate } = JSON.parse(text) as Statement<unknown>;
    for (const one of subject) if (files.has(one.name)) files.set(one.name, one.digest.sha256);
    attestations.push(AttestationPredicate.parse(predicate));
    newest = sha256(text);
  }
  await requireUnchanged(directory, files);
  return {
    digest: sha256(payload),
    predicate: EvidencePredicate.parse(statement.predicate),
    keyId,
    attestations,
    newest,
    files,
  };
}

async function readStatement(directory: string): Promise<{ payload: string; keyId: string | null }> {
  const bundle = join(directory, BUNDLE_FILE);
  if (existsSync(bundle)) {
    const text = await readFile(bundle, 'utf8');
    const { verificationMaterial } = JSON.parse(text) as SerializedBundle;
    return { payload: payloadOf(text), keyId: verificationMaterial.publicKey?.hint ?? null };
  }
  const payload = await readFile(join(directory, STATEMENT_FILE), 'utf8').catch(() => {
    throw usage(
      `${directory}: the run is not sealed: it has neither ${BUNDLE_FILE} nor ${STATEMENT_FILE}`,
      `Seal a run that was killed with \`swarm-drill report ${directory}\`.`,
    );
  });
  return { payload, keyId: null };
}

async function requireUnchanged(directory: string, expected: ReadonlyMap<string, string>): Promise<void> {
  const present = new Map((await hashFiles(directory)).map(({ name, digest }) => [name, digest.sha256]));
  const changed = [...new Set([...expected.keys(), ...present.keys()])].filter(
    (name) => expected.get(name) !== present.get(name),
  );
  if (changed.length === 0) return;
  throw new DrillError(`${directory}: changed since it was sealed: ${changed.sort().join(', ')}`, {
    code: 'run-changed',
    blame: 'finding',
    hint: `Do not sign it. See what \`swarm-drill verify ${directory}\` says.`,
  });
}

const namesIn = (directory: string): Promise<string[]> =>
  readdir(directory).then(
    (names) => names.sort(),
    () => [],
  );
