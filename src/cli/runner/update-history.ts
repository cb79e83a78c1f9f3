// What a run does to history when its evidence is complete: the page of all runs, metrics, and the comparison with a baseline.
import { dirname, join } from 'node:path';
import { BASELINE_FILE, type Baseline, readBaseline } from '../../history/regression/baseline.ts';
import { compareRun } from '../../history/regression/judge.ts';
import { refreshHistory } from '../../history/page/refresh.ts';
import { findDeclared } from '../../history/status/declared.ts';
import type { Run } from '../../report/schema.ts';
import { reasonOf } from '../../support/errors.ts';
import { ROOT } from '../project.ts';
import { DEFAULT_REPORTS, type RunSettings } from './settings.ts';

export interface HistoryOptions {
  readonly evidence?: string | undefined;
  /** Files of metrics. */
  readonly metrics?: readonly string[] | undefined;
  /** Exit with 1 if a drill that recovered is slower than the baseline. */
  readonly failOnRegression?: boolean | undefined;
  /** What to compare with. Default: baseline.json in the directory of all runs. */
  readonly baseline?: string | undefined;
}

export interface HistoryUpdate extends Pick<HistoryOptions, 'evidence' | 'metrics'> {
  /** What the drills are compared with; undefined: they are not. */
  readonly baseline: Baseline | undefined;
}

/** Reads the baseline before anything starts. @throws DrillError `usage` if it is asked for and can't be read */
export async function prepareHistory(
  { failOnRegression = false, baseline, ...others }: HistoryOptions,
  reports = DEFAULT_REPORTS,
): Promise<HistoryUpdate> {
  const file = baseline ?? join(reports, BASELINE_FILE);
  return { ...others, baseline: failOnRegression ? await readBaseline(file) : undefined };
}

/** Writes the page of all runs, and metrics. What fails is a warning: it says nothing about a backup. */
export async function updateHistory(
  { directory }: Pick<RunSettings, 'directory'>,
  { evidence, metrics }: Pick<HistoryOptions, 'evidence' | 'metrics'>,
  print: (text: string) => void,
): Promise<void> {
  const reports = dirname(directory);
  try {
    await refreshHistory({
      reports,
      evidence,
      metrics,
      isDeclared: (history) => findDeclared(ROOT, history),
    });
  } catch (error) {
    print(
      `warning: the page of all runs was not written: ${reasonOf(error)}\n` +
        `what to do: Make room or correct what it names, then write it with \`swarm-drill history --page --reports ${reports}\`.`,
    );
  }
}

/**
 * Prints what is slower than in the baseline, and what can't be compared.
 * @returns whether a drill is slower: the verdict stays as it is, since the backup was restored
 */
export function printRegressions(
  run: Run,
  baseline: Baseline | undefined,
  print: (text: string) => void,
): boolean {
  if (!baseline) return false;
  const compared = compareRun(run.drills, baseline);
  const slower = compared.filter(({ outcome }) => outcome === 'slower');
  for (const { drill, detail } of slower) print(`slower than before: ${drill}: ${detail}`);
  for (const { drill, detail } of compared.filter(({ outcome }) => outcome === 'unproven'))
    print(`not compared with the baseline: ${drill}: ${detail}`);
  return slower.length > 0;
}
