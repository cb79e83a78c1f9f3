// The summary on the terminal: verdict, objectives and measurements, failed checks, and where the report is.
import { join, relative } from 'node:path';
import { formatRpa } from '../../drill/writes/data-loss.ts';
import { describeGain } from '../../report/concurrency.ts';
import type { Report, Run } from '../../report/schema.ts';
import { formatSeconds } from '../../support/clock.ts';
import type { Palette } from './palette.ts';

/** @param directory the run's report directory */
export function formatSummary(run: Run, directory: string, colours: Palette): string {
  const drills = run.drills.flatMap((report) => ['', ...formatDrill(report, colours)]);
  const warnings = run.warnings.flatMap((warning) => ['', colours.yellow(warning)]);
  const gain = describeGain(run.concurrency);
  return [
    ...drills,
    ...warnings,
    ...(gain === null ? [] : ['', gain]),
    '',
    `report: ${relative(process.cwd(), join(directory, 'index.html'))}`,
  ].join('\n');
}

function formatDrill(report: Report, colours: Palette): string[] {
  const paint = { recovered: colours.green, 'not-recovered': colours.red, inconclusive: colours.yellow }[
    report.verdict
  ];
  const { actual, objectives, cleanup, failure } = report;
  const open = report.checks.filter(({ result }) => result !== 'pass');
  return [
    `${paint(colours.bold(report.verdict))}: ${report.name}: ${report.reason}`,
    `  RTA ${formatTime(actual.rtaSeconds)}, RTO ${formatObjective(objectives.rtoSeconds)}; RPA ${formatRpa(actual, 'none')}, RPO ${formatObjective(objectives.rpoSeconds)}; proven after ${formatTime(actual.provenSeconds)}`,
    `  lost writes: ${actual.lostWrites ?? 'unknown'} of ${actual.acknowledgedWrites} acknowledged`,
    `  checks: ${report.checks.length - open.length} of ${report.checks.length} passed`,
    ...open.map(({ name, result, required, detail }) =>
      [
        `    ${result === 'fail' ? colours.red('failed') : colours.yellow('unproven')}`,
        `${required ? '' : ' (not required)'}: ${name}: ${detail}`,
      ].join(''),
    ),
    ...(failure?.hint === undefined ? [] : [`  what to do: ${failure.hint}`]),
    ...(cleanup?.shellCommand === undefined ? [] : [`  kept; open a shell with: ${cleanup.shellCommand}`]),
    ...(cleanup?.removeCommand === undefined ? [] : [`  remove it with: ${cleanup.removeCommand}`]),
  ];
}

const formatTime = (value: number | null): string => (value === null ? 'none' : formatSeconds(value));
/** Formats an objective as it is written: in seconds. */
const formatObjective = (value: number | null): string => (value === null ? 'none' : `${value} s`);
