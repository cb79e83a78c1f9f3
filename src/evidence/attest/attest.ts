// Adds what a person states to a sealed run, renders the pages that show it, and enters it into the ledger.
import { mkdir, readFile, realpath } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { Approval } from '../../model/approval.ts';
import { renderIndex, renderReport } from '../../report/html.ts';
import { Run } from '../../report/schema.ts';
import { utcNow } from '../../support/clock.ts';
import { sha256 } from '../../support/sha256.ts';
import { writeAtomically } from '../../support/write-file.ts';
import { ledgerWarning } from '../begin-run.ts';
import { appendEntry } from '../ledger/append.ts';
import { readLedger } from '../ledger/read.ts';
import { IN_TOTO, renderBundle, signPayload } from '../signing/bundle.ts';
import type { SigningKey } from '../signing/keys.ts';
import { writeStatement } from '../statement/statement.ts';
import { ATTESTATIONS } from '../statement/subjects.ts';
import {
  approvalAfter,
  ATTESTATION_TYPE,
  attestationFile,
  type AttestationPredicate,
} from './attestation.ts';
import { readRetest, requireAllowed } from './requirements.ts';
import { readSealedRun, type SealedRun } from './sealed-run.ts';

export interface AttestRequest extends Omit<AttestationPredicate, 'person' | 'at' | 'retest'> {
  /** The run's directory; the ledger is in its parent. */
  readonly directory: string;
  readonly name: string;
  readonly key: SigningKey;
  /** Directory of the run that closes the finding. */
  readonly retest?: string;
  /** Ids of keys that may have this role; undefined if no one is listed. */
  readonly allowed: readonly string[] | undefined;
}

export interface Attested {
  /** Of the attestation, relative to the run. */
  readonly file: string;
  readonly warnings: readonly string[];
}

/**
 * @throws DrillError `usage` if the person may not state this, or something is missing; a finding if the run was changed since it was
 * sealed, or the run that should close the finding did not recover
 */
export async function attest(request: AttestRequest): Promise<Attested> {
  const { directory: path, name, key, retest, allowed: _, ...stated } = request;
  // A link such as reports/latest is not the run's name.
  const directory = await realpath(path).catch(() => resolve(path));
  const sealed = await readSealedRun(directory);
  requireAllowed(request, sealed);
  const predicate: AttestationPredicate = {
    ...stated,
    person: { name, key: key.id },
    at: utcNow(),
    ...(retest !== undefined && { retest: await readRetest(retest, stated.finding ?? '', sealed) }),
  };
  const pages = await renderPages(directory, sealed, [...sealed.attestations, predicate]);
  const written = writeStatement(
    ATTESTATION_TYPE,
    [
      { name: 'run', digest: { sha256: sealed.digest } },
      ...(sealed.newest === null ? [] : [{ name: 'previous', digest: { sha256: sealed.newest } }]),
      ...[...pages].map(([file, html]) => ({ name: file, digest: { sha256: sha256(html) } })),
    ],
    predicate,
  );
  const file = attestationFile(sealed.attestations.length + 1, predicate.role);
  await mkdir(join(directory, ATTESTATIONS), { recursive: true });
  await writeAtomically(join(directory, file), renderBundle(signPayload(written.payload, IN_TOTO, key)));
  for (const [page, html] of pages) await writeAtomically(join(directory, page), html);
  // The head of the ledger is the runner's to sign: the next run does.
  const warnings = await appendEntry(dirname(directory), {
    event: 'attest',
    run: sealed.predicate.identity.run,
    directory: basename(directory),
    role: predicate.role,
    statement: written.digest,
    of: sealed.digest,
    key: key.id,
  }).then(
    () => [],
    (error: unknown) => [ledgerWarning(dirname(directory), error)],
  );
  return { file, warnings };
}

/** Returns the text of each page that shows attestations, by its path relative to the run. No data is written again. */
async function renderPages(
  directory: string,
  { digest, predicate, keyId, files }: SealedRun,
  attestations: readonly AttestationPredicate[],
): Promise<ReadonlyMap<string, string>> {
  const run = Run.parse(JSON.parse(await readFile(join(directory, 'run.json'), 'utf8')));
  const { operator } = predicate.people;
  const { outsideTime } = predicate.integrity;
  const { entries } = await readLedger(dirname(directory)).catch(() => ({ entries: [] }));
  const approval: Approval = approvalAfter(
    {
      signed: keyId === null ? null : { keyId, ...(operator && { keyName: operator.name }) },
      time: outsideTime.plan.startsWith('plan ') ? outsideTime.plan : null,
      approver: null,
      reviewer: null,
      exceptions: [],
      inLedger: entries.some((entry) => 'statement' in entry && entry.statement === digest),
    },
    attestations,
  );
  const pages = [
    ['index.html', () => renderIndex(run, basename(directory), approval)] as const,
    ...run.drills.map(
      (report) => [`${report.name}/report.html`, () => renderReport(report, approval)] as const,
    ),
  ];
  return new Map(pages.filter(([name]) => files.has(name)).map(([name, render]) => [name, render()]));
}
