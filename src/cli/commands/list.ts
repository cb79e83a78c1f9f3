// swarm-drill list: lists the drills, from their plans, with what each did when it last ran.
import { relative } from 'node:path';
import Table from 'cli-table3';
import { Command } from 'commander';
import type { Drill } from '../../drill/plan.ts';
import { declaredDrills } from '../../drill/registry.ts';
import { formatSeconds } from '../../support/clock.ts';
import { DEFAULT_REPORTS } from '../runner/settings.ts';
import { findDrillFiles, loadDrills } from '../select/drill-files.ts';
import { type PastDrill, readHistory } from '../select/history.ts';
import { tagsOf } from '../select/selection.ts';
import { jsonOption } from './options.ts';

interface Options {
  readonly json?: true;
  readonly reports: string;
}

export const listSubcommand = new Command('list')
  .description('list the drills: title, tags, topology, objectives, how long each took last time, file')
  .option('--reports <directory>', 'where reports of runs are', DEFAULT_REPORTS)
  .addOption(jsonOption('the list'))
  .action(async ({ json, reports }: Options) => {
    for (const file of await findDrillFiles()) await loadDrills(file);
    const history = await readHistory(reports);
    const rows = declaredDrills().map((drill) => describeDrill(drill, history.get(drill.name)));
    console.log(json ? JSON.stringify(rows, undefined, 2) : formatTable(rows));
  });

type Row = ReturnType<typeof describeDrill>;

function describeDrill(drill: Drill, past: PastDrill | undefined) {
  const { name, title, file, plan } = drill;
  const { topology, objectives, runsAlone = null } = plan;
  return {
    name,
    title,
    tags: tagsOf(drill),
    topology,
    objectives: { rtoSeconds: objectives.rto ?? null, rpoSeconds: objectives.rpo ?? null },
    runsAlone,
    last: past
      ? {
          startedAt: past.startedAt,
          verdict: past.verdict,
          totalSeconds: past.totalSeconds,
          rtaSeconds: past.actual.rtaSeconds,
          othersDuringRecovery: past.sideBySide?.duringRecovery ?? null,
        }
      : null,
    file: relative(process.cwd(), file),
  };
}

function formatTable(rows: readonly Row[]): string {
  const lines = new Table({
    head: ['drill', 'title', 'tags', 'managers', 'workers', 'RTO', 'RPO', 'last run', 'file'],
    style: { head: [], border: [], compact: true },
  });
  for (const { name, title, tags, topology, objectives, last, file } of rows) {
    const [rto, rpo] = [objectives.rtoSeconds, objectives.rpoSeconds].map((value) =>
      value === null ? 'none' : `${value} s`,
    );
    const took = last ? `${formatSeconds(last.totalSeconds)}, ${last.verdict}` : 'never';
    lines.push([name, title, tags.join(' '), topology.managers, topology.workers, rto, rpo, took, file]);
  }
  return lines.toString();
}
