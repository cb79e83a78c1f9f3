// Point 4: every file of a run is the one that was signed, none is missing, and none was added.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { attestationsOf, keysOfPeople, NO_STATEMENT, type Pinned, statementOf } from '../context.ts';
import { verifySignature } from '../read/keys.ts';
import { type Run, SIGNED, TEST_RESULT, UNSIGNED } from '../read/run.ts';
import type { Statement } from '../read/statement.ts';
import { sha256 } from '../../support/sha256.ts';
import type { Findings } from '../result.ts';

/** Files that carry signatures, so no statement has their digest. */
const CARRIERS: ReadonlySet<string> = new Set([SIGNED, UNSIGNED, TEST_RESULT]);

export function checkFiles(run: Run, pinned: Pinned, findings: Findings): void {
  const statement = statementOf(run);
  if (!statement) return findings.cannotShow(NO_STATEMENT);
  const expected = expectedDigests(run, statement, pinned, findings);
  for (const file of run.others)
    findings.fail({ where: file, what: 'not a regular file: only those can be signed' });
  for (const file of run.files) {
    if (CARRIERS.has(file) || file.startsWith('attestations/')) continue;
    const digest = expected.get(file);
    const got = sha256(readFileSync(path.join(run.path, file)));
    if (digest === undefined) findings.fail({ where: file, what: 'in no statement: it was added later' });
    else if (digest !== got) findings.fail({ where: file, what: 'was changed', expected: digest, got });
  }
  const present = new Set(run.files);
  for (const [file, digest] of expected)
    if (!present.has(file))
      findings.fail({ where: file, what: 'is missing', expected: digest, got: 'no file' });
  findings.see(`${expected.size} files compared`);
}

/** Returns the digest that each file must have. Pages that were rendered again for an attestation have that of the newest one. */
function expectedDigests(
  run: Run,
  statement: Statement,
  pinned: Pinned,
  findings: Findings,
): Map<string, string> {
  const expected = new Map(statement.subjects);
  let previous: string | undefined;
  for (const [index, attestation] of attestationsOf(run).entries()) {
    const { file, subjects } = attestation;
    const number = String(index + 1).padStart(3, '0');
    if (file !== `attestations/${number}-${attestation.role}.sigstore.json`)
      findings.fail({
        where: file,
        what: 'an attestation is missing or was renamed',
        expected: `${number}-${attestation.role}.sigstore.json`,
        got: path.basename(file),
      });
    if (subjects.get('run') !== statement.digest)
      findings.fail({
        where: file,
        what: 'is about another run',
        expected: statement.digest,
        got: subjects.get('run') ?? 'none',
      });
    if (subjects.get('previous') !== previous)
      findings.fail({
        where: file,
        what: 'does not follow the attestation before it: one was dropped or added',
        expected: previous ?? 'none, as the first',
        got: subjects.get('previous') ?? 'none',
      });
    previous = attestation.digest;
    // Point 1 reports the signature; a page that an unknown key vouches for counts as changed.
    if (attestation.bundle && verifySignature(attestation.bundle, keysOfPeople(pinned)) === 'invalid')
      continue;
    for (const [name, digest] of subjects) if (isPage(name, statement)) expected.set(name, digest);
  }
  return expected;
}

/** Only pages show attestations: no attestation may replace data. */
const isPage = (name: string, { subjects }: Statement): boolean =>
  name.endsWith('.html') && subjects.has(name);
