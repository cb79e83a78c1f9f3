// Finishes a run: builds reports from the journals, seals them, prints the summary, and determines the exit code.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeRunReport } from '../../report/write.ts';
import { EXIT } from '../exit-codes.ts';
import { createPalette } from '../terminal/palette.ts';
import { formatSummary } from '../terminal/summary.ts';
import type { RunEvidence } from './evidence.ts';
import type { RunSettings } from './settings.ts';
import { type HistoryUpdate, printRegressions, updateHistory } from './update-history.ts';

/** @param json print run.json instead of the summary @returns the exit code */
export async function finishRun(
  run: RunSettings,
  evidence: RunEvidence,
  history: HistoryUpdate,
  json: boolean,
): Promise<number> {
  const report = await writeRunReport(run.directory, evidence.approval);
  await evidence.seal(report);
  await updateHistory(run, history, (text) => console.error(text));
  if (json) process.stdout.write(await readFile(join(run.directory, 'run.json')));
  else console.log(formatSummary(report, run.directory, createPalette(process.stdout)));
  const isSlower = printRegressions(report, history.baseline, (text) =>
    json ? console.error(text) : console.log(text),
  );
  return isSlower && report.exitCode === 0 ? EXIT.finding : report.exitCode;
}
