// Collects what the predicate is built from: the plan on disk, its token, and the ledger up to the run's start.
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Run } from '../../report/schema.ts';
import { sha256 } from '../../support/sha256.ts';
import { canonicalJson } from '../canonical.ts';
import type { LedgerEntry } from '../ledger/entry.ts';
import { NO_PREVIOUS, readLedger } from '../ledger/read.ts';
import { PLAN_TOKEN_FILE, type PlanRecord, readPlanRecord } from '../plan-record.ts';
import type { SigningKey } from '../signing/keys.ts';
import { NO_OUTSIDE_TIME, type TimeStampAuthority } from '../time-stamp/authority.ts';
import type { PredicateSources } from './build.ts';

/** A run that is part of a merged one. */
export interface MergedRun {
  readonly directory: string;
  readonly run: string | null;
  /** Digest of its statement. */
  readonly statement: string | null;
  readonly plan: PlanRecord | null;
}

export interface RunToSeal {
  readonly run: Run;
  readonly key: SigningKey | undefined;
  readonly authority: TimeStampAuthority | undefined;
  /** What the outside clock has seen of the plan, in words. Default: that nothing was asked. */
  readonly planTime?: string | undefined;
  /** The runs that this one was merged from. */
  readonly merged?: readonly MergedRun[];
  /** False: the ledger is left as it is. Default true. */
  readonly ledger?: false;
  /** Why another program than the one that ran the drills seals the run. */
  readonly late?: string | undefined;
}

/** A run that was merged has no plan, and its facts are those of the runs that it is made of. */
export async function readSources(
  directory: string,
  { run, key, authority, planTime, merged, late }: RunToSeal,
): Promise<PredicateSources> {
  const plan = await readPlanRecord(directory);
  const id = plan?.record.run ?? randomBytes(8).toString('hex');
  const reports = dirname(directory);
  const { entries } = await readLedger(reports).catch(() => ({ entries: [] }));
  const start = entries.findLast((entry) => entry.event === 'start' && entry.run === id);
  const token = await readFile(join(directory, PLAN_TOKEN_FILE)).catch(() => undefined);
  const facts = plan?.record.facts ?? merged?.find((part) => part.plan?.facts)?.plan?.facts;
  return {
    run,
    id,
    directory: basename(directory),
    plan,
    planned: (plan ? [plan.record] : (merged ?? []).flatMap((part) => part.plan ?? [])).flatMap(
      ({ drills }) => drills,
    ),
    facts: facts ?? {},
    planToken: token ? sha256(token) : null,
    merged: merged?.map(({ plan: _, ...part }) => part) ?? null,
    operator: key ? (facts?.people?.operators?.find((person) => person.key === key.id) ?? null) : null,
    before: start ? entries.filter(({ entry }) => entry < start.entry) : entries,
    integrity: {
      previous: plan?.record.ledger ?? headOf(entries),
      start: start ? sha256(canonicalJson(start)) : null,
      outsideTime: {
        plan: planTime ?? (token ? `see ${PLAN_TOKEN_FILE}` : NO_OUTSIDE_TIME),
        signature: key && authority ? `asked of ${authority.url}; the bundle has the token` : NO_OUTSIDE_TIME,
      },
      late: late ?? null,
    },
  };
}

function headOf(entries: readonly LedgerEntry[]): { entries: number; head: string } {
  const last = entries.at(-1);
  return last
    ? { entries: last.entry, head: sha256(canonicalJson(last)) }
    : { entries: 0, head: NO_PREVIOUS };
}
