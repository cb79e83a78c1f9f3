// swarm-drill export: writes the evidence of a run, or of a period, in a format that other programs and people read.
import { writeFile } from 'node:fs/promises';
import { Command, Option } from 'commander';
import { exportCycloneDx } from '../../../export/cyclonedx.ts';
import { exportOscal } from '../../../export/oscal.ts';
import { readPeriod } from '../../../export/page/period.ts';
import { renderPeriodPage, renderRunPage } from '../../../export/page/render.ts';
import { readRunEvidence, type RunEvidence } from '../../../export/source.ts';
import { usage } from '../../../support/errors.ts';

const FORMATS: Readonly<Record<string, (evidence: RunEvidence) => string>> = {
  oscal: exportOscal,
  cyclonedx: exportCycloneDx,
  page: renderRunPage,
};

interface Options {
  readonly format: string;
  readonly output?: string;
  readonly from?: string;
  readonly to?: string;
}

export const exportSubcommand = new Command('export')
  .description(
    'export evidence: OSCAL assessment results, CycloneDX declarations, or a page to print, of a run or a period',
  )
  .argument('<directory>', 'of a run, e.g. reports/latest; with --from and --to: of all runs, e.g. reports')
  .addOption(
    new Option('--format <format>', 'what to write').choices(Object.keys(FORMATS)).makeOptionMandatory(),
  )
  .option('--from <date>', 'first day of a period, e.g. 2026-07-01; only with --format page')
  .option('--to <date>', 'last day of a period, e.g. 2026-09-30')
  .option('--output <file>', 'where to write it. Default: standard output')
  .action(async (directory: string, options: Options) => {
    const text = await render(directory, options);
    if (options.output === undefined) process.stdout.write(text);
    else await writeFile(options.output, text);
  });

async function render(directory: string, { format, from, to }: Options): Promise<string> {
  if (from === undefined && to === undefined)
    return FORMATS[format]?.(await readRunEvidence(directory)) ?? '';
  if (from === undefined || to === undefined || format !== 'page')
    throw usage(
      `expected --from and --to with --format page, got --format ${format}`,
      'OSCAL and CycloneDX describe one run: export each run of the period.',
    );
  return renderPeriodPage(await readPeriod(directory, from, to));
}
