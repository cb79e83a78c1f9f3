// Point 1: the statements of a run are signed with a key that the auditor pinned.
import { attestationsOf, keysOfPeople, type Pinned } from '../context.ts';
import { shortId, type PublicKey, verifySignature } from '../read/keys.ts';
import { type Run, SIGNED, TEST_RESULT, UNSIGNED } from '../read/run.ts';
import type { Statement } from '../read/statement.ts';
import type { Read } from '../read/strict.ts';
import type { Findings } from '../result.ts';

export function checkSignatures(run: Run, pinned: Pinned, findings: Findings): void {
  if (run.files.includes(SIGNED) && run.files.includes(UNSIGNED))
    findings.fail({
      where: UNSIGNED,
      what: 'a second statement, without a signature, next to the signed one',
    });
  checkStatement(run, pinned, findings);
  checkTestResult(run, pinned, findings);
  for (const read of run.attestations) if (!read.ok) findings.fail(read.problem);
  for (const attestation of attestationsOf(run))
    checkSignature(attestation, attestation.file, keysOfPeople(pinned), '--people or --person-key', findings);
}

function checkStatement({ statement }: Run, pinned: Pinned, findings: Findings): void {
  if (!statement)
    return findings.fail({
      where: SIGNED,
      what: 'the run has no statement: it never ended, or its statement was removed',
      expected: `${SIGNED} or ${UNSIGNED}`,
      got: 'neither',
    });
  if (!statement.ok) return findings.fail(statement.problem);
  if (statement.value.bundle) return checkSignature(statement.value, SIGNED, pinned.keys, '--key', findings);
  if (pinned.keys.length > 0)
    return findings.fail({
      where: UNSIGNED,
      what: 'the run is unsigned',
      expected: `a signature of ${pinned.keys.map(({ id }) => shortId(id)).join(' or ')}`,
      got: 'none',
    });
  findings.cannotShow('the run is unsigned: anyone who can write the directory can have made it');
}

/** The result for generic tools must be signed like the statement, and must not say anything better. */
function checkTestResult({ testResult, statement }: Run, pinned: Pinned, findings: Findings): void {
  const signed: Read<Statement> | null = statement;
  if (!testResult) {
    if (signed?.ok && signed.value.bundle)
      findings.fail({
        where: TEST_RESULT,
        what: 'missing',
        expected: 'the result of a signed run',
        got: 'none',
      });
    return;
  }
  if (!testResult.ok) return findings.fail(testResult.problem);
  checkSignature(testResult.value, TEST_RESULT, pinned.keys, '--key', findings);
}

function checkSignature(
  { bundle }: Statement,
  where: string,
  keys: readonly PublicKey[],
  option: string,
  findings: Findings,
): void {
  if (!bundle) return;
  const id = shortId(bundle.keyId);
  if (keys.length === 0)
    return findings.cannotShow(`${where}: signed by ${id}; pass that public key with ${option}`);
  const state = verifySignature(bundle, keys);
  if (state === 'valid') return findings.see(`${where}: signed by ${id}`);
  findings.fail({
    where,
    what: state === 'invalid' ? 'the signature is not valid: it was changed' : 'signed with another key',
    expected: keys.map((key) => shortId(key.id)).join(' or '),
    got: id,
  });
}
