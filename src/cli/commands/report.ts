// swarm-drill report: rebuilds reports from their journals after a crash, and merges those of several runs.
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { Command } from 'commander';
import type { Run } from '../../report/schema.ts';
import { JOURNAL_FILE, writeDrillReport } from '../../report/write.ts';
import { usage } from '../../support/errors.ts';
import { type EvidenceOptions, loadEvidenceTools } from '../runner/evidence.ts';
import { mergeAndSeal, rebuildRun, requireUnsealed } from '../runner/rebuild.ts';
import { createRunDirectory, DEFAULT_REPORTS } from '../runner/settings.ts';
import { updateHistory } from '../runner/update-history.ts';
import { createPalette } from '../terminal/palette.ts';
import { formatSummary } from '../terminal/summary.ts';
import { evidenceOption, signingKeyFdOption, signingKeyOption } from './options.ts';

interface Options extends EvidenceOptions {
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
  .addOption(signingKeyOption())
  .addOption(signingKeyFdOption())
  .addOption(evidenceOption())
  .addHelpText(
    'after',
    `
A run that ended is sealed: its statement has the hash of every page, so its reports are not rebuilt in place. --merge builds them
in a new run. A run that was killed is not sealed yet; rebuilding its reports seals it.`,
  )
  .action(async (directories: string[], { merge, reports, ...options }: Options) => {
    if (merge) return mergeInto(directories, reports, options);
    const [directory = '', ...others] = directories;
    if (others.length > 0)
      throw usage(`expected one directory, got ${directories.length}`, 'Use --merge to join several runs.');
    if (!existsSync(join(directory, JOURNAL_FILE))) {
      const tools = await loadEvidenceTools(options, printWarning);
      const run = await rebuildRun(directory, tools, printWarning);
      await updateHistory({ directory: resolve(directory) }, options, printWarning);
      return printRun(run, directory);
    }
    await requireUnsealed(dirname(resolve(directory)));
    const { name, verdict, reason } = await writeDrillReport(directory);
    console.log(`${verdict}: ${name}: ${reason}`);
    console.log(`report: ${relative(process.cwd(), join(directory, 'report.html'))}`);
  });

async function mergeInto(
  directories: readonly string[],
  reports: string,
  options: EvidenceOptions,
): Promise<void> {
  const tools = await loadEvidenceTools(options, printWarning);
  const target = await createRunDirectory(resolve(reports));
  try {
    const run = await mergeAndSeal(directories, target, tools, printWarning);
    await updateHistory({ directory: target }, options, printWarning);
    printRun(run, target);
    process.exitCode = run.exitCode;
  } catch (error) {
    await rm(target, { recursive: true });
    throw error;
  }
}

const printWarning = (text: string): void => console.error(text);

const printRun = (run: Run, directory: string): void =>
  console.log(formatSummary(run, directory, createPalette(process.stdout)));
