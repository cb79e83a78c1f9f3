// swarm-drill bench: the measurements of bench/bench.ts, as ratios from one machine.
import { join } from 'node:path';
import { Command } from 'commander';
import { ROOT } from '../drill-files.ts';

export const benchCommand = new Command('bench')
  .description('measure how fast a swarm is ready, and what the harness itself costs')
  .action(async () => {
    await import(join(ROOT, 'bench/bench.ts'));
  });
