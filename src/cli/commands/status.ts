// swarm-drill status: the state of all drills, for a person and for a monitor. It must answer quickly, so what takes long to load is
// loaded only where it is needed.
import { join } from 'node:path';
import { Command, Option } from 'commander';
import type { Comparison } from '../../history/regression/compare.ts';
import { readHistory } from '../../history/runs/history.ts';
import { findDeclared } from '../../history/status/declared.ts';
import { summarizeStatus, tabulateStatus } from '../../history/status/format-status.ts';
import { loadRules, type Rules } from '../../history/status/rules.ts';
import { buildStatus, exitCodeOf, type DrillsAndStatus, type Status } from '../../history/status/status.ts';
import { TAGS } from '../../drill/tags.ts';
import { type Seconds, utcNow } from '../../support/clock.ts';
import { ROOT } from '../project.ts';
import { DEFAULT_REPORTS } from '../runner/settings.ts';
import { evidenceOption, jsonOption, metricsOption, parseSeconds, parseWholeNumber } from './options.ts';

interface Options {
  readonly reports: string;
  readonly evidence?: string;
  readonly json?: true;
  readonly last?: number;
  readonly p95Rta?: Seconds;
  readonly p95Rpa?: Seconds;
  readonly failOn?: 'regression';
  readonly baseline?: string;
  readonly metrics?: readonly string[];
}

const examples = `
Examples:
  swarm-drill status                               a line for each drill, and what is wrong
  swarm-drill status --json                        for a monitor
  swarm-drill status --metrics drills.prom         for the textfile collector of node_exporter
  swarm-drill status --fail-on regression          also fails if recoveries got slower than the baseline
  swarm-drill status --p95-rta 90                  also fails if 95 % of the last recoveries took longer

How often drills have to recover, and their objectives over time, are in evidence.yml: see docs/history.md.

Exit codes: 0 every drill recovered in time, 1 one did not or is overdue, 2 not known, 64 usage error.`;

export const statusSubcommand = new Command('status')
  .description('print the state of all drills: last result, last recovery, age against what is required')
  .option('--reports <directory>', 'where reports of runs are', DEFAULT_REPORTS)
  .addOption(evidenceOption())
  .addOption(jsonOption('the state'))
  .option(
    '--last <number>',
    'how many of the last recoveries percentiles are of (default: 20)',
    parseWholeNumber,
  )
  .option(
    '--p95-rta <seconds>',
    'longest recovery time that 95 % of the last recoveries may take',
    parseSeconds,
  )
  .option(
    '--p95-rpa <seconds>',
    'longest data loss window that 95 % of the last recoveries may have',
    parseSeconds,
  )
  .addOption(
    new Option('--fail-on <what>', 'exit with 1 also if recoveries are slower than the baseline').choices([
      'regression',
    ]),
  )
  .option('--baseline <file>', 'what --fail-on compares with (default: baseline.json in --reports)')
  .addOption(metricsOption())
  .addHelpText('after', examples)
  .action(async (options: Options) => {
    const { reports, json } = options;
    const history = await readHistory(reports);
    const built = buildStatus(history, {
      now: utcNow(),
      rules: addObjectives(await loadRules(history, options.evidence), options),
      isDeclared: findDeclared(ROOT, history),
      samples: options.last,
    });
    const regressions = await findRegressions(options, built);
    const status = addRegressions(built.status, regressions);
    if (options.metrics) {
      const { writeMetrics } = await import('../../history/metrics/write.ts');
      await writeMetrics(options.metrics, history, status);
    }
    if (json) console.log(JSON.stringify({ ...status, regressions }, undefined, 2));
    else await printStatus(status, regressions);
    process.exitCode = status.exitCode;
  });

/** An option is an objective for every drill. */
function addObjectives(rules: Rules, { p95Rta, p95Rpa, last }: Options): Rules {
  if (p95Rta === undefined && p95Rpa === undefined) return rules;
  const added = TAGS.map((tag) => ({
    tag,
    ...(p95Rta !== undefined && { 'rta-p95-seconds': p95Rta }),
    ...(p95Rpa !== undefined && { 'rpa-p95-seconds': p95Rpa }),
    ...(last !== undefined && { 'of-last': last }),
  }));
  return { ...rules, 'objectives-over-time': [...(rules['objectives-over-time'] ?? []), ...added] };
}

async function findRegressions(
  { reports, failOn, baseline = join(reports, 'baseline.json'), last }: Options,
  { drills }: DrillsAndStatus,
): Promise<Comparison[]> {
  if (!failOn) return [];
  const { readBaseline } = await import('../../history/regression/baseline.ts');
  const { compareRecoveries } = await import('../../history/regression/judge.ts');
  return compareRecoveries(reports, drills, await readBaseline(baseline), last);
}

function addRegressions(status: Status, regressions: readonly Comparison[]): Status {
  const slower = regressions.filter(({ outcome }) => outcome === 'slower');
  const problems = [
    ...status.problems,
    ...slower.map(({ drill, detail }) => ({
      kind: 'wrong' as const,
      drill,
      text: `slower than before: ${detail}`,
    })),
  ];
  return { ...status, problems, exitCode: exitCodeOf(problems) };
}

async function printStatus(status: Status, regressions: readonly Comparison[]): Promise<void> {
  const { default: Table } = await import('cli-table3');
  const [head = [], ...rows] = tabulateStatus(status);
  const table = new Table({ head, style: { head: [], border: [], compact: true } });
  table.push(...rows);
  const unproven = regressions
    .filter(({ outcome }) => outcome === 'unproven')
    .map(({ drill, detail }) => `${drill}: not compared with the baseline: ${detail}`);
  if (rows.length > 0) console.log(table.toString());
  console.log(summarizeStatus(status, unproven).join('\n'));
}
