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
    const { openEndpoint } = await import('../../lab/engine/endpoint.ts');
    const address = engine ?? process.env['DOCKER_HOST'] ?? (await findEngine()).host;
    await using endpoint = address === undefined ? undefined : await openEndpoint(address);
    const swept = endpoint ? await sweep(endpoint.host, { all }) : { removed: {}, skipped: [] };
    const labs = await sweepEmbedded({ all });
    const removed = { ...swept.removed, 'embedded labs': labs.removed.length };
    console.log(`engine: ${address ?? 'none, only embedded labs'}`);
    for (const [kind, number] of Object.entries(removed)) console.log(`removed ${kind}: ${number}`);
    for (const reason of swept.skipped) console.log(`skipped: ${reason}`);
    for (const name of labs.active) console.log(`skipped: embedded lab ${name}: its run is still active`);
    for (const name of labs.kept) console.log(`kept: embedded lab ${name}: remove it with --all`);
  });
