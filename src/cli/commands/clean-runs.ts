// swarm-drill clean --old-runs: removes the files of runs that are older than the retention time.
import { relative, join } from 'node:path';
import { parseDuration } from '../../evidence/facts/duration.ts';
import { readSigningKey } from '../../evidence/signing/read-key.ts';
import { planRetention, removeRuns } from '../../history/retention.ts';
import { readHistory } from '../../history/runs/history.ts';
import { loadRules } from '../../history/status/rules.ts';
import { utcNow } from '../../support/clock.ts';
import { usage } from '../../support/errors.ts';

export interface CleanRunsOptions {
  readonly reports: string;
  /** How long files are kept, e.g. `400d`. Default: what evidence.yml says. */
  readonly keep?: string | undefined;
  readonly evidence?: string | undefined;
  readonly dryRun?: boolean | undefined;
  readonly signingKey?: string | undefined;
  readonly signingKeyFd?: number | undefined;
}

/** @throws DrillError `usage` without a retention time */
export async function cleanRuns(options: CleanRunsOptions): Promise<void> {
  const { reports, evidence, dryRun = false, signingKey: file, signingKeyFd: descriptor } = options;
  const history = await readHistory(reports);
  const keep = options.keep ?? (await loadRules(history, evidence)).retention?.keep;
  if (keep === undefined)
    throw usage(
      'how long runs are kept is not known',
      'Pass e.g. --keep 400d, or set `retention: { keep: 400d }` in evidence.yml.',
    );
  const seconds = parseKeep(keep);
  const plan = planRetention(history, seconds, utcNow());
  const loaded = await readSigningKey({ file, descriptor });
  for (const warning of loaded?.warnings ?? []) console.error(warning);
  if (!dryRun) await removeRuns(reports, plan.remove, seconds, loaded?.key);
  for (const { directory } of plan.remove)
    console.log(
      `${dryRun ? 'would remove' : 'removed'}: ${relative(process.cwd(), join(reports, directory))}`,
    );
  for (const { run, reason } of plan.keep) console.log(`kept: ${run.directory}: ${reason}`);
  console.log(
    `runs ${dryRun ? 'to remove' : 'removed'}: ${plan.remove.length}, older ones kept: ${plan.keep.length}`,
  );
}

function parseKeep(text: string): number {
  try {
    return parseDuration(text);
  } catch {
    throw usage(`expected a time to keep runs, like 400d or 52w, got "${text}"`, 'Pass e.g. --keep 400d.');
  }
}
