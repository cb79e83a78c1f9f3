// The end of a run's evidence: a statement about every file of the run, signed if there is a key, and an entry in the ledger.
import { realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Run } from '../report/schema.ts';
import { writeAtomically } from '../support/write-file.ts';
import { ledgerWarning } from './begin-run.ts';
import { appendEntry } from './ledger/append.ts';
import { toDrillResults } from './ledger/drill-results.ts';
import { PLAN_FILE } from './plan-record.ts';
import { IN_TOTO, renderBundle, signPayload } from './signing/bundle.ts';
import type { SigningKey } from './signing/keys.ts';
import { buildPredicate } from './statement/build.ts';
import { EVIDENCE_TYPE, type EvidencePredicate } from './statement/predicate.ts';
import { readSources, type RunToSeal } from './statement/sources.ts';
import { type Subject, type WrittenStatement, writeStatement } from './statement/statement.ts';
import {
  BUNDLE_FILE,
  hashFiles,
  listArtifacts,
  STATEMENT_FILE,
  TEST_RESULT_FILE,
} from './statement/subjects.ts';
import { writeTestResult } from './statement/test-result.ts';
import { timeStampWarnings, tryStamp } from './time-stamp/authority.ts';

/** `directory` is the run's; the ledger is in its parent. Its reports are written already, and nothing changes them from now on. */
export type SealRequest = RunToSeal & { readonly directory: string };

export interface SealedRun {
  /** SHA-256 of the statement's payload. */
  readonly digest: string;
  /** False if the ledger could not be written. */
  readonly inLedger: boolean;
  readonly warnings: readonly string[];
}

/** @throws what the file system says if the statement can't be written; what else fails becomes a warning */
export async function sealRun(request: SealRequest): Promise<SealedRun> {
  const { run, key } = request;
  const directory = await realpath(request.directory);
  const warnings: string[] = [];
  const sources = await readSources(directory, request);
  const subjects = [...(await hashFiles(directory)), ...listArtifacts(run)];
  const written = writeStatement(EVIDENCE_TYPE, subjects, buildPredicate(sources));
  if (key) {
    const signed = signPayload(written.payload, IN_TOTO, key);
    // A token over the signature: the statement, and all that it lists, existed when it was made.
    const stamped = await tryStamp(request.authority, signed.signature);
    warnings.push(...timeStampWarnings('the signature', stamped));
    await writeAtomically(join(directory, BUNDLE_FILE), renderBundle(signed, stamped.token));
    await signTestResult(directory, run, subjects, key);
  } else await writeAtomically(join(directory, STATEMENT_FILE), written.payload);
  if (request.ledger === false) return { digest: written.digest, inLedger: false, warnings };
  const inLedger = await appendEnd(request, directory, written).then(
    () => true,
    (error: unknown) => {
      warnings.push(ledgerWarning(dirname(directory), error));
      return false;
    },
  );
  return { digest: written.digest, inLedger, warnings };
}

async function signTestResult(
  directory: string,
  run: Run,
  subjects: readonly Subject[],
  key: SigningKey,
): Promise<void> {
  const plan = subjects.find(({ name }) => name === PLAN_FILE);
  const { payload } = writeTestResult(run, subjects, plan);
  await writeAtomically(join(directory, TEST_RESULT_FILE), renderBundle(signPayload(payload, IN_TOTO, key)));
}

async function appendEnd(
  { run, key, merged, late }: SealRequest,
  directory: string,
  { statement: { predicate }, digest }: WrittenStatement<EvidencePredicate>,
): Promise<void> {
  const outcome = {
    run: predicate.identity.run,
    directory: basename(directory),
    verdict: run.verdict,
    exitCode: run.exitCode,
    statement: digest,
    key: key?.id ?? null,
    commit: predicate.identity.commit,
    tool: predicate.identity.tool,
    startedAt: run.startedAt,
    endedAt: run.endedAt,
    drills: toDrillResults(run),
    ...(late !== undefined && { late }),
  };
  await appendEntry(
    dirname(directory),
    merged
      ? { event: 'merge', ...outcome, of: merged.map((one) => one.directory) }
      : { event: 'end', ...outcome },
    key,
  );
}
