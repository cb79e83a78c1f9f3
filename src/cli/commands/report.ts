// swarm-drill report: rebuilds reports from their journals, after a crash or to use newer pages.
import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import { Command } from 'commander';
import { JOURNAL_FILE, writeDrillReport, writeRunReport } from '../../report/write.ts';
import { createPalette } from '../terminal/palette.ts';
import { formatSummary } from '../terminal/summary.ts';

export const reportSubcommand = new Command('report')
  .description('rebuild the reports of a run, or of one drill, from the journals')
  .argument('<directory>', 'directory of a run, e.g. reports/latest, or of a drill in it')
  .action(async (directory: string) => {
    if (existsSync(join(directory, JOURNAL_FILE))) {
      const { name, verdict, reason } = await writeDrillReport(directory);
      console.log(`${verdict}: ${name}: ${reason}`);
      console.log(`report: ${relative(process.cwd(), join(directory, 'report.html'))}`);
    } else {
      const run = await writeRunReport(directory);
      console.log(formatSummary(run, directory, createPalette(process.stdout)));
    }
  });
