// Writes reports/index.html, the page of all runs. It contains everything that it needs, and has no script.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { renderPage } from '../../report/html.ts';
import { writeAtomically } from '../../support/write-file.ts';
import { type Difference, findDifferences } from '../difference.ts';
import type { History } from '../runs/history.ts';
import type { DrillHistory } from '../status/drill-history.ts';
import type { Rules } from '../status/rules.ts';
import type { DrillsAndStatus } from '../status/status.ts';
import { buildIndexView, type IndexFacts } from './index-view.ts';

const template = readFileSync(join(import.meta.dirname, 'history.mustache'), 'utf8');
const style = readFileSync(join(import.meta.dirname, 'history.css'), 'utf8');

export const renderHistory = (facts: IndexFacts): string =>
  renderPage(template, buildIndexView(facts), style);

/** @returns the file @throws what the file system says; an earlier page is unchanged then */
export async function writeHistoryPage(
  history: History,
  { drills, status }: DrillsAndStatus,
  rules: Rules,
): Promise<string> {
  const file = join(history.reports, 'index.html');
  const differences = await findAllDifferences(history.reports, drills);
  const facts = { runs: [...history.runs()], status, system: rules.system, differences };
  await writeAtomically(file, renderHistory(facts));
  return file;
}

/** Compares with its last recovery what each drill did last, unless that was one. */
async function findAllDifferences(
  reports: string,
  drills: readonly DrillHistory[],
): Promise<Map<string, readonly Difference[]>> {
  const found = await Promise.all(
    drills.map(async ({ drill, last, lastRecovered }) =>
      last && lastRecovered && last !== lastRecovered
        ? [[drill, await findDifferences(reports, lastRecovered, last)] as const]
        : [],
    ),
  );
  return new Map(found.flat());
}
