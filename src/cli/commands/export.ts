// swarm-drill export: writes the evidence of a run, or of a period, in a format that other programs and people read.
import { writeFile } from 'node:fs/promises';
import { Command, Option } from 'commander';
import { exportCycloneDx } from '../../export/cyclonedx.ts';
import { exportOscal } from '../../export/oscal.ts';
import { readRunEvidence, type RunEvidence } from '../../export/source.ts';

const FORMATS: Readonly<Record<string, (evidence: RunEvidence) => string>> = {
  oscal: exportOscal,
  cyclonedx: exportCycloneDx,
};

interface Options {
  readonly format: string;
  readonly output?: string;
}

export const exportSubcommand = new Command('export')
  .description('export the evidence of a run as OSCAL assessment results or CycloneDX declarations')
  .argument('<run>', 'directory of a run, e.g. reports/latest')
  .addOption(
    new Option('--format <format>', 'what to write').choices(Object.keys(FORMATS)).makeOptionMandatory(),
  )
  .option('--output <file>', 'where to write it. Default: standard output')
  .action(async (directory: string, { format, output }: Options) => {
    const text = FORMATS[format]?.(await readRunEvidence(directory)) ?? '';
    if (output === undefined) process.stdout.write(text);
    else await writeFile(output, text);
  });
