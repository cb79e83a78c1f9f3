// swarm-drill run: drills, one after the other, and their reports.
import { Command } from 'commander';
import type { Size } from '../../drill/plan.ts';
import type { Seconds } from '../../support/clock.ts';
import { selectDrills } from '../runner/drill-files.ts';
import { engineOption, jsonOption, parseSeconds, parseSize } from './options.ts';

interface Options {
  readonly engine?: string;
  readonly keep?: boolean;
  readonly seed?: string;
  readonly size?: Size;
  readonly rto?: Seconds;
  readonly rpo?: Seconds;
  readonly reports?: string;
  readonly json?: boolean;
}

const examples = `
Examples:
  swarm-drill run                                  every drill
  swarm-drill run total-loss --rto 120             one drill, with another objective
  swarm-drill run single-manager --keep            leaves the swarm for looking into it
  swarm-drill run total-loss --seed 5eed --size medium

Exit codes: 0 recovered, 1 not recovered, 2 inconclusive, 64 wrong usage.`;

export const runSubcommand = new Command('run')
  .description('run drills (all of them when none is named) and write their reports')
  .argument('[drill...]', 'names of drills; see `swarm-drill list`')
  .addOption(engineOption())
  .option('--keep', 'leave the swarm for looking into it; says how to get in')
  .option('--seed <text>', 'all data is made from it; the same seed gives the same data (default: random)')
  .option('--size <size>', 'how much data: small, medium or large (default: small)', parseSize)
  .option('--rto <seconds>', "recovery time objective, instead of the drill's own", parseSeconds)
  .option('--rpo <seconds>', "recovery point objective, instead of the drill's own", parseSeconds)
  .option('--reports <directory>', 'where the report of the run is written (default: reports)')
  .addOption(jsonOption('run.json and nothing else'))
  .addHelpText('after', examples)
  .action(async (names: string[], { rto, rpo, json = false, ...wishes }: Options) => {
    const drills = await selectDrills(names);
    const { runDrills } = await import('../runner/run.ts');
    const objectives = { ...(rto && { rto }), ...(rpo && { rpo }) };
    process.exitCode = await runDrills({ drills, overrides: { ...wishes, objectives }, json });
  });
