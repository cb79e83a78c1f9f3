// swarm-drill bench: runs the measurements of bench/bench.ts and prints them as ratios on one machine.
import { join } from 'node:path';
import { Command } from 'commander';
import { ROOT } from '../project.ts';

export const benchSubcommand = new Command('bench')
  .description(
    'measure how fast a swarm gets ready, a drill, the harness, files, restores, drills side by side, and a first run',
  )
  .argument('[part...]', 'swarm, drill, manifest, restore, jobs or first-run (default: all)')
  .action(async (parts: string[]) => {
    const { bench } = (await import(join(ROOT, 'bench/bench.ts'))) as {
      bench: (parts: readonly string[]) => Promise<void>;
    };
    await bench(parts);
  });
