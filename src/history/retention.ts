// Removes the files of old runs. The ledger keeps what they were: each removal is an entry of it, so that an auditor sees that nothing
// was hidden. What is still needed stays, however old it is.
import { existsSync } from 'node:fs';
import { readlink, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { appendEntry } from '../evidence/ledger/append.ts';
import type { SigningKey } from '../evidence/signing/keys.ts';
import type { History } from './runs/history.ts';
import type { PastRun } from './runs/past-run.ts';
import { formatAge } from './status/age.ts';
import { collectDrills } from './status/drill-history.ts';

export interface RetentionPlan {
  /** Oldest first. */
  readonly remove: readonly PastRun[];
  /** Old runs that stay, with the reason. */
  readonly keep: readonly { readonly run: PastRun; readonly reason: string }[];
}

/**
 * Returns which runs that started more than `keepSeconds` ago can go. These stay: the last run; of each drill the last result and the last
 * recovery; a run with a finding that nothing has closed; a run that is part of a merged run that stays; and a run that has not ended.
 * @param now UTC
 */
export function planRetention(history: History, keepSeconds: number, now: string): RetentionPlan {
  const runs = [...history.runs()].filter(({ directory }) => existsSync(join(history.reports, directory)));
  const reasons = collectReasons(history, runs);
  const isOld = ({ startedAt }: PastRun): boolean =>
    Date.parse(now) - Date.parse(startedAt) > keepSeconds * 1000;
  const young = new Set(runs.filter((run) => !isOld(run)).map(({ directory }) => directory));
  const remove: PastRun[] = [];
  const keep: { run: PastRun; reason: string }[] = [];
  for (const run of runs.filter(isOld)) {
    const mergedInto = run.mergedInto !== null && (young.has(run.mergedInto) || reasons.has(run.mergedInto));
    const reason =
      reasons.get(run.directory) ?? (mergedInto ? `it is part of ${run.mergedInto}, which stays` : undefined);
    if (reason === undefined) remove.unshift(run);
    else keep.unshift({ run, reason });
  }
  return { remove, keep };
}

/** Returns why runs stay, by directory, of any age. @param runs newest first */
function collectReasons(history: History, runs: readonly PastRun[]): ReadonlyMap<string, string> {
  const reasons = new Map<string, string>();
  const add = (run: PastRun | undefined, reason: string): void => {
    if (run && !reasons.has(run.directory)) reasons.set(run.directory, reason);
  };
  add(runs[0], 'it is the last run');
  for (const run of runs) {
    if (run.state === 'running') add(run, 'it has not ended');
    if (run.attested.includes('exception') && !run.attested.includes('closed-by'))
      add(run, 'it has an exception that no later run closed');
  }
  const drills = collectDrills(history, { samples: 1 });
  for (const { drill, lastRecovered, last } of drills) {
    add(lastRecovered?.run, `it is the last recovery of ${drill}`);
    add(last?.run, `it is the last result of ${drill}`);
  }
  const recoveredAt = new Map(
    drills.map(({ drill, lastRecovered }) => [drill, lastRecovered?.run.startedAt ?? '']),
  );
  for (const run of runs) {
    const open = run.drills.find(
      ({ drill, verdict }) => verdict === 'not-recovered' && run.startedAt > (recoveredAt.get(drill) ?? ''),
    );
    if (open) add(run, `it has a finding of ${open.drill}, which has not recovered since`);
  }
  return reasons;
}

/**
 * Removes the files of these runs, each after its entry is in the ledger: a crash in between leaves files, and the next call removes them.
 * A run that the ledger does not have gets no entry.
 * @param key signs the head of the ledger
 * @throws what the file system says; what is listed in the ledger so far stays there
 */
export async function removeRuns(
  reports: string,
  runs: readonly PastRun[],
  keepSeconds: number,
  key: SigningKey | undefined,
): Promise<void> {
  const latest = await readlink(join(reports, 'latest')).catch(() => undefined);
  for (const run of runs) {
    if (run.directory === latest) continue;
    if (run.id !== null && run.removed === null)
      await appendEntry(
        reports,
        {
          event: 'removed',
          run: run.id,
          directory: run.directory,
          statement: run.statement,
          reason: `older than ${formatAge(keepSeconds)}`,
        },
        key,
      );
    await rm(join(reports, run.directory), { recursive: true, force: true });
  }
}
