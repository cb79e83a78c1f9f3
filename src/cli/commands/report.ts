// swarm-drill report: rebuilds reports from their journals, after a crash or to use newer pages, and merges those of several runs.
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { Command } from 'commander';
import { mergeRuns } from '../../report/merge.ts';
import type { Run } from '../../report/schema.ts';
import { JOURNAL_FILE, writeDrillReport, writeRunReport } from '../../report/write.ts';
import { usage } from '../../support/errors.ts';
import { createRunDirectory, DEFAULT_REPORTS } from '../runner/settings.ts';
import { createPalette } from '../terminal/palette.ts';
import { formatSummary } from '../terminal/summary.ts';

interface Options {
  readonly merge?: true;
  readonly reports: string;
}

export const reportSubcommand = new Command('report')
  .description(
    'rebuild the reports of a run, or of one drill, from the journals; or merge several runs into one',
  )
  .argument('<directory...>', 'directory of a run, e.g. reports/latest, or of a drill in it')
  .option('--merge', 'merge runs, such as the shards of one, into a new run; exits like that run')
  .option('--reports <directory>', 'where --merge creates the new run', DEFAULT_REPORTS)
  .action(async (directories: string[], { merge, reports }: Options) => {
    if (merge) return mergeInto(directories, reports);
    const [directory = '', ...others] = directories;
    if (others.length > 0)
      throw usage(`expected one directory, got ${directories.length}`, 'Use --merge to join several runs.');
    if (!existsSync(join(directory, JOURNAL_FILE)))
      return printRun(await writeRunReport(directory), directory);
    const { name, verdict, reason } = await writeDrillReport(directory);
    console.log(`${verdict}: ${name}: ${reason}`);
    console.log(`report: ${relative(process.cwd(), join(directory, 'report.html'))}`);
  });

async function mergeInto(directories: readonly string[], reports: string): Promise<void> {
  const target = await createRunDirectory(resolve(reports));
  try {
    const run = await mergeRuns(directories, target);
    printRun(run, target);
    process.exitCode = run.exitCode;
  } catch (error) {
    await rm(target, { recursive: true });
    throw error;
  }
}

const printRun = (run: Run, directory: string): void =>
  console.log(formatSummary(run, directory, createPalette(process.stdout)));
