// swarm-drill history: lists earlier runs, or the results of one drill; writes their page, and the baseline that later runs are compared
// with.
import { join, relative } from 'node:path';
import Table from 'cli-table3';
import { Command } from 'commander';
import { buildBaseline, BASELINE_FILE, writeBaseline } from '../../history/regression/baseline.ts';
import { findDifferences } from '../../history/difference.ts';
import { refreshHistory } from '../../history/page/refresh.ts';
import { countedRuns, type History, readHistory } from '../../history/runs/history.ts';
import { type Occurrence, occurrencesOf } from '../../history/runs/past-run.ts';
import { tabulateResults, tabulateRuns } from '../../history/runs/tabulate.ts';
import { collectDrills } from '../../history/status/drill-history.ts';
import { findDeclared } from '../../history/status/declared.ts';
import { count } from '../../support/count.ts';
import { usage } from '../../support/errors.ts';
import { ROOT } from '../project.ts';
import { DEFAULT_REPORTS } from '../runner/settings.ts';
import { nearestName } from '../select/nearest-name.ts';
import { evidenceOption, jsonOption, parseWholeNumber } from './options.ts';

interface Options {
  readonly reports: string;
  readonly evidence?: string;
  readonly json?: true;
  readonly last: number;
  readonly page?: true;
  readonly saveBaseline?: true;
  readonly baseline?: string;
}

const examples = `
Examples:
  swarm-drill history                    the last runs
  swarm-drill history total-loss         what one drill did, and what changed since it last recovered
  swarm-drill history --page             writes reports/index.html again, as each run does
  swarm-drill history --save-baseline    what \`run --fail-on-regression\` and \`status --fail-on regression\` compare with`;

export const historySubcommand = new Command('history')
  .description('list earlier runs or the results of one drill, and save what later ones are compared with')
  .argument('[drill]', 'name of a drill')
  .option('--reports <directory>', 'where reports of runs are', DEFAULT_REPORTS)
  .addOption(evidenceOption())
  .addOption(jsonOption('them'))
  .option('--last <number>', 'how many to list, or recoveries to save', parseWholeNumber, 20)
  .option('--page', 'write the page of all runs, index.html in --reports')
  .option('--save-baseline', 'save what the last recoveries of each drill took')
  .option('--baseline <file>', 'where --save-baseline writes (default: baseline.json in --reports)')
  .addHelpText('after', examples)
  .action(async (drill: string | undefined, options: Options) => {
    const { reports, evidence, last } = options;
    const history = await readHistory(reports);
    if (options.saveBaseline) return saveBaseline(history, options);
    if (options.page) {
      const file = await refreshHistory({
        reports,
        evidence,
        isDeclared: (read) => findDeclared(ROOT, read),
      });
      return console.log(`page: ${relative(process.cwd(), file)}`);
    }
    if (drill !== undefined) return listResults(history, drill, options);
    const runs = [...history.runs()].slice(0, last);
    console.log(options.json ? JSON.stringify(runs, undefined, 2) : formatTable(tabulateRuns(runs)));
  });

async function saveBaseline(
  history: History,
  { reports, last, baseline = join(reports, BASELINE_FILE) }: Options,
): Promise<void> {
  const saved = await buildBaseline(reports, collectDrills(history, { samples: last }));
  const names = Object.keys(saved.drills);
  if (names.length === 0)
    throw usage(
      `no drill recovered in a run in ${reports}`,
      'Run drills first, or name the directory with --reports.',
    );
  await writeBaseline(baseline, saved);
  console.log(`baseline of ${count(names.length, 'drill')}: ${relative(process.cwd(), baseline)}`);
}

async function listResults(history: History, name: string, { json, last, reports }: Options): Promise<void> {
  const all: Occurrence[] = [...countedRuns(history)]
    .flatMap(occurrencesOf)
    .filter(({ result }) => result.drill === name);
  if (all.length === 0) throw unknownDrill(name, history);
  const shown = all.slice(0, last);
  const [newest] = all;
  const recovered = all.find(({ result }) => result.verdict === 'recovered');
  const differences =
    newest && recovered && newest !== recovered ? await findDifferences(reports, recovered, newest) : [];
  if (json) {
    const results = shown.map(({ run, result }) => ({
      directory: run.directory,
      at: run.startedAt,
      ...result,
    }));
    console.log(JSON.stringify({ drill: name, results, differences }, undefined, 2));
    return;
  }
  console.log(formatTable(tabulateResults(shown)));
  if (differences.length === 0) return;
  console.log(`\nwhat changed since it last recovered, in ${recovered?.run.directory ?? ''}:`);
  console.log(
    formatTable([
      ['what', 'then', 'now'],
      ...differences.map(({ what, before, now }) => [what, before, now]),
    ]),
  );
}

function unknownDrill(name: string, { drillNames, reports }: History): Error {
  const meant = nearestName(name, [...drillNames]);
  return usage(
    `no run in ${reports} has a result of a drill named "${name}"`,
    meant ? `Did you mean "${meant}"?` : 'List the drills with `swarm-drill list`.',
  );
}

function formatTable([head = [], ...rows]: readonly string[][]): string {
  const table = new Table({ head, style: { head: [], border: [], compact: true } });
  table.push(...rows);
  return table.toString();
}
