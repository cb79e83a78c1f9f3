// swarm-drill run: runs drills, several side by side, and writes their reports.
import { Command } from 'commander';
import type { Size } from '../../drill/plan.ts';
import type { Seconds } from '../../support/clock.ts';
import type { Tag } from '../../drill/tags.ts';
import type { EngineVersion } from '../../lab/image/engine-versions.ts';
import { DEFAULT_REPORTS } from '../runner/settings.ts';
import { select } from '../select/selection.ts';
import type { Shard } from '../select/shard.ts';
import {
  collectTag,
  enginesOption,
  engineVersionOption,
  evidenceOption,
  jsonOption,
  notifyOption,
  metricsOption,
  parseWholeNumber,
  parseMinutes,
  parseSeconds,
  parseShard,
  parseSize,
  parseWait,
  signingKeyFdOption,
  signingKeyOption,
} from './options.ts';

interface Options {
  readonly tag?: readonly Tag[];
  readonly lastFailed?: boolean;
  readonly shard?: Shard;
  readonly jobs?: number;
  readonly drillLimit?: Seconds;
  readonly engine?: readonly string[];
  readonly engineVersion?: EngineVersion;
  readonly keep?: boolean;
  readonly seed?: string;
  readonly size?: Size;
  readonly rto?: Seconds;
  readonly rpo?: Seconds;
  readonly reports?: string;
  readonly json?: boolean;
  readonly check: boolean;
  readonly signingKey?: string;
  readonly signingKeyFd?: number;
  readonly evidence?: string;
  readonly notify?: string;
  readonly wait?: Seconds;
  readonly ledgerBranch?: string;
  readonly metrics?: readonly string[];
  readonly failOnRegression?: true;
  readonly baseline?: string;
}

const examples = `
Examples:
  swarm-drill run                                  every drill
  swarm-drill run total-loss --rto 120             one drill, with another objective
  swarm-drill run single-manager --keep            keeps the swarm for inspection
  swarm-drill run total-loss --seed 5eed --size medium
  swarm-drill run --tag smoke --tag nightly        drills that have one of these tags
  swarm-drill run --last-failed                    drills whose last result was not "recovered"
  swarm-drill run --engine one --engine ssh://root@two
                                                   on two engines: a docker context and a host behind ssh
  swarm-drill run --tag weekly --shard 2/3         the second of three machines' parts

Exit codes: 0 recovered, 1 not recovered, 2 inconclusive, 64 usage error, 75 another run is active.`;

export const runSubcommand = new Command('run')
  .description('run drills (default: all) and write their reports')
  .argument('[drill...]', 'names of drills, see `swarm-drill list`, or paths of their files')
  .option('--tag <tag>', 'only drills with this tag: smoke, nightly or weekly (repeatable)', collectTag)
  .option('--last-failed', 'only drills whose last result in --reports was not "recovered"')
  .option(
    '--shard <part>',
    'only this part of the drills, e.g. 2/3, split by how long they took last time',
    parseShard,
  )
  .option(
    '--jobs <number>',
    'most drills at one time (default: as many as there are cores, and memory for)',
    parseWholeNumber,
  )
  .option(
    '--drill-limit <minutes>',
    'stop a drill that takes longer; it is inconclusive then (default: 30)',
    parseMinutes,
  )
  .addOption(enginesOption())
  .addOption(engineVersionOption())
  .option('--keep', 'keep the swarm for inspection, and print the command to open a shell in it')
  .option('--seed <text>', 'seed of all generated data: the same seed gives the same data (default: random)')
  .option('--size <size>', 'amount of data: small, medium or large (default: small)', parseSize)
  .option('--rto <seconds>', 'recovery time objective that replaces the one in the drill', parseSeconds)
  .option('--rpo <seconds>', 'recovery point objective that replaces the one in the drill', parseSeconds)
  .option('--reports <directory>', 'where reports of runs are (default: reports)')
  .addOption(signingKeyOption())
  .addOption(signingKeyFdOption())
  .addOption(evidenceOption())
  .addOption(notifyOption())
  .option(
    '--wait <minutes>',
    'wait so long for another run of this machine, then exit with 75 (default: start next to it)',
    parseWait,
  )
  .option(
    '--ledger-branch <branch>',
    'branch of origin that keeps the ledger: fetched before the run, pushed at its start and its end',
  )
  .addOption(metricsOption())
  .option('--fail-on-regression', 'exit with 1 also if a drill recovers, but slower than the baseline')
  .option('--baseline <file>', 'what that compares with (default: baseline.json in --reports)')
  .option('--no-check', 'do not check the types of the drills first')
  .addOption(jsonOption('the result (run.json)'))
  .addHelpText('after', examples)
  .action(async (names: string[], options: Options) => {
    const { tag: tags = [], lastFailed = false, shard, jobs, engine: engines, ...running } = options;
    const { rto, rpo, json = false, check, drillLimit, ...others } = running;
    const { signingKey, signingKeyFd, evidence, notify, wait, ledgerBranch, ...more } = others;
    const { metrics, failOnRegression, baseline, ...overrides } = more;
    const { reports = DEFAULT_REPORTS } = overrides;
    const selection = await select({ names, tags, lastFailed, shard, reports });
    const { runDrills } = await import('../runner/run.ts');
    const objectives = { ...(rto && { rto }), ...(rpo && { rpo }) };
    process.exitCode = await runDrills({
      selection,
      overrides: { ...overrides, engines, objectives },
      evidence: { signingKey, signingKeyFd, evidence },
      night: { notify, evidence, wait, ledgerBranch },
      history: { evidence, metrics, failOnRegression, baseline },
      jobs,
      drillLimit,
      check,
      json,
    });
  });
