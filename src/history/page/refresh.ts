// What happens to history after a run: the page of all runs is written again, and metrics if they are asked for.
import type { DrillHistory } from '../status/drill-history.ts';
import { utcNow } from '../../support/clock.ts';
import { writeMetrics } from '../metrics/write.ts';
import { type History, readHistory } from '../runs/history.ts';
import { loadRules } from '../status/rules.ts';
import { buildStatus } from '../status/status.ts';
import { writeHistoryPage } from './write.ts';

export interface RefreshOptions {
  /** The directory of all runs. */
  readonly reports: string;
  /** Facts about the drills. Default: evidence.yml, if there is one. */
  readonly evidence?: string | undefined;
  /** Files of metrics. Default none. */
  readonly metrics?: readonly string[] | undefined;
  readonly isDeclared?: ((history: History) => (drill: DrillHistory) => boolean) | undefined;
}

/** @returns the page @throws what the file system says */
export async function refreshHistory({
  reports,
  evidence,
  metrics,
  isDeclared,
}: RefreshOptions): Promise<string> {
  const history = await readHistory(reports);
  const rules = await loadRules(history, evidence);
  const built = buildStatus(history, { now: utcNow(), rules, isDeclared: isDeclared?.(history) });
  if (metrics) await writeMetrics(metrics, history, built.status);
  return writeHistoryPage(history, built, rules);
}
