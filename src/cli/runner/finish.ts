// Finishes a run: builds reports from the journals, prints the summary, and determines the exit code.
import { existsSync } from 'node:fs';
import { readFile, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { exitCode, worstOf } from '../../drill/verdict.ts';
import { JOURNAL_FILE, writeRunReport } from '../../report/write.ts';
import type { Drill } from '../../drill/plan.ts';
import { EXIT } from '../exit-codes.ts';
import { createPalette } from '../terminal/palette.ts';
import type { WorkerError } from './session.ts';
import type { RunSettings } from './settings.ts';
import { formatSummary } from '../terminal/summary.ts';

export interface FinishedRun {
  readonly run: RunSettings;
  readonly drills: readonly Drill[];
  /** By file; errors that belong to no file are under `''`. */
  readonly errors: ReadonlyMap<string, readonly WorkerError[]>;
  readonly json: boolean;
}

/** Prints the cause for each drill without a journal, which is inconclusive. @returns the exit code */
export async function finishRun({ run, drills, errors, json }: FinishedRun): Promise<number> {
  const withoutJournal = drills.filter(({ name }) => !existsSync(join(run.directory, name, JOURNAL_FILE)));
  for (const { name, file } of withoutJournal) {
    const causes = [...(errors.get(file) ?? []), ...(errors.get('') ?? [])];
    const why = causes.length > 0 ? causes.map(describeWorkerError).join('\n') : 'it was not started';
    console.error(`inconclusive: ${name}: no journal was written: ${why}`);
    if (causes.some(({ blame }) => blame === 'usage')) return EXIT.usage;
  }
  if (withoutJournal.length === drills.length) {
    await rmdir(run.directory);
    return EXIT.inconclusive;
  }
  const report = await writeRunReport(run.directory);
  if (json) process.stdout.write(await readFile(join(run.directory, 'run.json')));
  else console.log(formatSummary(report, run.directory, createPalette(process.stdout)));
  return exitCode(worstOf([report.verdict, ...withoutJournal.map(() => 'inconclusive' as const)]));
}

/** Returns the message, with the stack only for errors that the user can't fix. */
const describeWorkerError = ({ message, stack, hint }: WorkerError): string =>
  typeof hint === 'string' ? `${message}\nwhat to do: ${hint}` : (stack ?? message);
