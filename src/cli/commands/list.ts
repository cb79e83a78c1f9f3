// swarm-drill list: lists the drills, from their plans.
import { relative } from 'node:path';
import Table from 'cli-table3';
import { Command } from 'commander';
import type { Drill } from '../../drill/plan.ts';
import { declaredDrills } from '../../drill/registry.ts';
import { findDrillFiles, loadDrills } from '../runner/drill-files.ts';
import { jsonOption } from './options.ts';

export const listSubcommand = new Command('list')
  .description('list the drills: name, title, topology, objectives, file')
  .addOption(jsonOption('the list'))
  .action(async ({ json }: { json?: true }) => {
    for (const file of await findDrillFiles()) await loadDrills(file);
    const drills = declaredDrills();
    console.log(json ? JSON.stringify(drills.map(drillFacts), undefined, 2) : formatTable(drills));
  });

const drillFacts = ({ name, title, file, plan: { topology, objectives } }: Drill) => ({
  name,
  title,
  topology,
  objectives: { rtoSeconds: objectives.rto ?? null, rpoSeconds: objectives.rpo ?? null },
  file: relative(process.cwd(), file),
});

function formatTable(drills: readonly Drill[]): string {
  const lines = new Table({
    head: ['drill', 'title', 'managers', 'workers', 'RTO', 'RPO', 'file'],
    style: { head: [], border: [], compact: true },
  });
  for (const drill of drills) {
    const { name, title, topology, objectives, file } = drillFacts(drill);
    const [rto, rpo] = [objectives.rtoSeconds, objectives.rpoSeconds].map((value) =>
      value === null ? 'none' : `${value} s`,
    );
    lines.push([name, title, topology.managers, topology.workers, rto, rpo, file]);
  }
  return lines.toString();
}
