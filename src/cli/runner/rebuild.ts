// Reports that are built after the run: of a run that was killed, and of several that are merged. Both are sealed then.
import { existsSync } from 'node:fs';
import { readFile, realpath } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { readLedger } from '../../evidence/ledger/read.ts';
import { PLAN_FILE, readPlanRecord } from '../../evidence/plan-record.ts';
import { sealRun, type SealRequest } from '../../evidence/seal-run.ts';
import { payloadOf } from '../../evidence/signing/bundle.ts';
import type { MergedRun } from '../../evidence/statement/sources.ts';
import { BUNDLE_FILE, STATEMENT_FILE } from '../../evidence/statement/subjects.ts';
import { ownerIsAlive } from '../../lab/labels.ts';
import { mergeRuns } from '../../report/merge.ts';
import type { Run } from '../../report/schema.ts';
import { writeRunReport } from '../../report/write.ts';
import { DrillError, reasonOf, usage } from '../../support/errors.ts';
import { sha256 } from '../../support/sha256.ts';
import { type EvidenceTools, initialApproval } from './evidence.ts';

type Print = (text: string) => void;

/**
 * Builds the reports of a run that is not sealed. One with a plan was killed, so it is sealed now: its ledger has a start without an end.
 * @throws DrillError `usage` if the run is sealed, or still runs
 */
export async function rebuildRun(directory: string, tools: EvidenceTools, print: Print): Promise<Run> {
  await requireUnsealed(directory);
  if (!existsSync(join(directory, PLAN_FILE))) return writeRunReport(directory);
  const path = await realpath(directory);
  const start = await findStart(path);
  if (start && isRunning(start))
    throw usage(
      `${directory}: the run has not ended: its program has the process id ${start.pid}`,
      'Wait until it ends, or stop it.',
    );
  const run = await writeRunReport(directory, initialApproval(tools, null, true));
  const late =
    'the program that ran the drills ended before it could; the reports were built from their journals';
  await sealLate({ directory: path, run, late }, tools, print);
  return run;
}

/** Merges runs into `target`, an empty directory, and seals it. @throws as `mergeRuns` does */
export async function mergeAndSeal(
  directories: readonly string[],
  target: string,
  tools: EvidenceTools,
  print: Print,
): Promise<Run> {
  const merged = await Promise.all(directories.map(readMerged));
  const run = await mergeRuns(directories, target, initialApproval(tools, null, true));
  await sealLate({ directory: target, run, merged }, tools, print);
  return run;
}

/** The pages of a sealed run are in its statement, by hash. @throws DrillError `usage` */
export async function requireUnsealed(directory: string): Promise<void> {
  if (![BUNDLE_FILE, STATEMENT_FILE].some((file) => existsSync(join(directory, file)))) return;
  throw usage(
    `${directory}: the run is sealed: its statement has the hash of every file, so nothing in it is written again`,
    `Build its reports in a new run with \`swarm-drill report --merge ${directory}\`.`,
  );
}

async function sealLate(
  request: Omit<SealRequest, 'key' | 'authority'>,
  tools: EvidenceTools,
  print: Print,
): Promise<void> {
  try {
    const { inLedger, warnings } = await sealRun({ ...request, ...tools });
    for (const warning of warnings) print(`warning: ${warning}`);
    if (inLedger) return;
    const run = await writeRunReport(request.directory, initialApproval(tools, null, false));
    await sealRun({ ...request, ...tools, run, ledger: false });
  } catch (error) {
    print(`warning: ${request.directory} has no evidence: ${reasonOf(error)}`);
  }
}

async function findStart(directory: string) {
  const { entries } = await readLedger(dirname(directory));
  return entries
    .filter((entry) => entry.event === 'start')
    .findLast((entry) => entry.directory === basename(directory));
}

/** A run of another machine is taken as ended: its files would not be here otherwise. */
const isRunning = ({ host, owner }: { readonly host: string; readonly owner: string }): boolean =>
  host === hostname() && ownerIsAlive(owner);

async function readMerged(directory: string): Promise<MergedRun> {
  const plan = await readPlanRecord(directory);
  return {
    directory: basename(await realpath(directory)),
    run: plan?.record.run ?? null,
    statement: await digestOfStatement(directory),
    plan: plan?.record ?? null,
  };
}

/** Returns null for a run without a statement. @throws DrillError `usage` for a bundle that can't be read */
async function digestOfStatement(directory: string): Promise<string | null> {
  const bundle = await readFile(join(directory, BUNDLE_FILE), 'utf8').catch(() => undefined);
  if (bundle === undefined) return readFile(join(directory, STATEMENT_FILE)).then(sha256, () => null);
  try {
    return sha256(payloadOf(bundle));
  } catch (cause) {
    throw new DrillError(`${join(directory, BUNDLE_FILE)}: damaged`, {
      code: 'usage',
      blame: 'usage',
      cause,
      hint: 'Copy the run again from the machine that it comes from.',
    });
  }
}
