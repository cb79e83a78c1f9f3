// swarm-drill bench: the measurements of bench/bench.ts, as ratios from one machine.
import { join } from 'node:path';
import { Command } from 'commander';
import { ROOT } from '../project.ts';

export const benchSubcommand = new Command('bench')
  .description('measure how fast a swarm is ready, what the harness itself costs, and how files are read')
  .argument('[part...]', 'swarm, drill, manifest; all when none is named')
  .action(async (parts: string[]) => {
    const { bench } = (await import(join(ROOT, 'bench/bench.ts'))) as {
      bench: (parts: readonly string[]) => Promise<void>;
    };
    await bench(parts);
  });
