// The start of a run's evidence, before a lab is opened: the plan on disk, its time-stamp, and an entry in the ledger.
import { hostname } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_TAGS } from '../drill/tags.ts';
import { reasonOf } from '../support/errors.ts';
import { writeAtomically } from '../support/write-file.ts';
import { appendEntry } from './ledger/append.ts';
import { NO_PREVIOUS, readLedger } from './ledger/read.ts';
import {
  buildPlanRecord,
  PLAN_TOKEN_FILE,
  type PlanFacts,
  type PlanRecord,
  writePlanRecord,
} from './plan-record.ts';
import { canonicalJson } from './canonical.ts';
import type { SigningKey } from './signing/keys.ts';
import {
  NO_OUTSIDE_TIME,
  type Stamped,
  type TimeStampAuthority,
  timeStampWarnings,
  tryStamp,
} from './time-stamp/authority.ts';

export interface BeginRequest extends Omit<PlanFacts, 'ledger' | 'operator'> {
  /** The directory of all runs, with the ledger. */
  readonly reports: string;
  readonly key: SigningKey | undefined;
  readonly authority: TimeStampAuthority | undefined;
  /** The process that runs the drills, so that it can be recognized: see `ownerOf`. */
  readonly owner: string;
}

export interface BegunRun {
  readonly plan: PlanRecord;
  /** False if the ledger could not be written. */
  readonly inLedger: boolean;
  /** What the outside clock has seen so far, in words. */
  readonly planTime: string;
  /** What went wrong, and what to do: the run goes on. */
  readonly warnings: readonly string[];
}

/**
 * Writes plan.json, plan.tsr if there is an authority, and the entry of the start. What fails becomes a warning.
 * @throws only if plan.json itself can't be written: nothing else can be written to the run's directory then either
 */
export async function beginRun({
  reports,
  key,
  authority,
  owner,
  ...facts
}: BeginRequest): Promise<BegunRun> {
  const warnings: string[] = [];
  const ledger = await readLedger(reports).catch((error: unknown) => {
    warnings.push(`the ledger can't be read: ${reasonOf(error)}`);
    return { lines: 0, head: NO_PREVIOUS };
  });
  const plan = await buildPlanRecord({
    ...facts,
    operator: facts.facts?.facts.people?.operators?.find((person) => person.key === key?.id)?.name ?? null,
    ledger: { entries: ledger.lines, head: ledger.head },
  });
  const directory = join(reports, facts.directory);
  const sha256 = await writePlanRecord(directory, plan);
  const stamped = await stampPlan(directory, plan, authority);
  warnings.push(...timeStampWarnings('the plan', stamped));
  const inLedger = await appendEntry(
    reports,
    {
      event: 'start',
      run: plan.run,
      directory: plan.directory,
      plan: sha256,
      drills: plan.drills.map(({ name }) => name),
      tags: [...new Set(facts.drills.flatMap((drill) => drill.plan.tags ?? DEFAULT_TAGS))].sort(),
      pid: process.pid,
      host: hostname(),
      owner,
    },
    key,
  ).then(
    () => true,
    (error: unknown) => {
      warnings.push(ledgerWarning(reports, error));
      return false;
    },
  );
  return { plan, inLedger, planTime: describePlanTime(authority, stamped), warnings };
}

export const ledgerWarning = (reports: string, error: unknown): string =>
  `this run is not in the ledger: ${join(reports, 'ledger.jsonl')} can't be written: ${reasonOf(error)}\n` +
  'what to do: Make room or make the directory writable. The run goes on, and its page says that it is not in the ledger.';

async function stampPlan(
  directory: string,
  plan: PlanRecord,
  authority: TimeStampAuthority | undefined,
): Promise<Stamped> {
  const stamped = await tryStamp(authority, Buffer.from(canonicalJson(plan)));
  if (stamped.token) await writeAtomically(join(directory, PLAN_TOKEN_FILE), stamped.token);
  return stamped;
}

function describePlanTime(authority: TimeStampAuthority | undefined, { failure }: Stamped): string {
  if (!authority) return `${NO_OUTSIDE_TIME}: no time-stamp authority is configured`;
  return failure === undefined
    ? `plan time-stamped by ${authority.url}`
    : `${NO_OUTSIDE_TIME}: ${authority.url}: ${failure}`;
}
