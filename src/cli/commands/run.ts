// swarm-drill run: runs drills, one after the other, and writes their reports.
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
  readonly check: boolean;
}

const examples = `
Examples:
  swarm-drill run                                  every drill
  swarm-drill run total-loss --rto 120             one drill, with another objective
  swarm-drill run single-manager --keep            keeps the swarm for inspection
  swarm-drill run total-loss --seed 5eed --size medium

Exit codes: 0 recovered, 1 not recovered, 2 inconclusive, 64 usage error.`;

export const runSubcommand = new Command('run')
  .description('run drills (default: all) and write their reports')
  .argument('[drill...]', 'names of drills, see `swarm-drill list`, or paths of their files')
  .addOption(engineOption())
  .option('--keep', 'keep the swarm for inspection, and print the command to open a shell in it')
  .option('--seed <text>', 'seed of all generated data: the same seed gives the same data (default: random)')
  .option('--size <size>', 'amount of data: small, medium or large (default: small)', parseSize)
  .option('--rto <seconds>', 'recovery time objective that replaces the one in the drill', parseSeconds)
  .option('--rpo <seconds>', 'recovery point objective that replaces the one in the drill', parseSeconds)
  .option('--reports <directory>', 'where to write the report of the run (default: reports)')
  .option('--no-check', 'do not check the types of the drills first')
  .addOption(jsonOption('the result (run.json)'))
  .addHelpText('after', examples)
  .action(async (names: string[], { rto, rpo, json = false, check, ...overrides }: Options) => {
    const drills = await selectDrills(names);
    const { runDrills } = await import('../runner/run.ts');
    const objectives = { ...(rto && { rto }), ...(rpo && { rpo }) };
    process.exitCode = await runDrills({ drills, overrides: { ...overrides, objectives }, check, json });
  });
