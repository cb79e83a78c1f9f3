// swarm-drill clean: removes leftovers of runs that were killed, found by label.
import { Command } from 'commander';
import { engineOption } from './options.ts';

interface Options {
  readonly engine?: string;
  readonly all?: boolean;
}

export const cleanSubcommand = new Command('clean')
  .description('remove leftovers of finished runs')
  .addOption(engineOption())
  .option('--all', 'also remove what `run --keep` kept, and caches in the engine')
  .action(async ({ engine, all = false }: Options) => {
    const { findEngine } = await import('../../lab/open.ts');
    const { sweep } = await import('../../lab/sweep.ts');
    const { sweepEmbedded } = await import('../../lab/embedded-homes.ts');
    const host = engine ?? process.env['DOCKER_HOST'] ?? (await findEngine()).host;
    const swept = host === undefined ? { removed: {}, skipped: [] } : await sweep(host, { all });
    const labs = await sweepEmbedded({ all });
    const removed = { ...swept.removed, 'embedded labs': labs.removed.length };
    console.log(`engine: ${host ?? 'none, only embedded labs'}`);
    for (const [kind, number] of Object.entries(removed)) console.log(`removed ${kind}: ${number}`);
    for (const reason of swept.skipped) console.log(`skipped: ${reason}`);
    for (const name of labs.active) console.log(`skipped: embedded lab ${name}: its run is still active`);
    for (const name of labs.kept) console.log(`kept: embedded lab ${name}: remove it with --all`);
  });
