// swarm-drill clean: removes leftovers of runs that were killed, found by label; and the files of old runs, if asked for.
import { Command } from 'commander';
import { DEFAULT_REPORTS } from '../runner/settings.ts';
import type { CleanRunsOptions } from './clean-runs.ts';
import { engineOption, evidenceOption, signingKeyFdOption, signingKeyOption } from './options.ts';

interface Options extends CleanRunsOptions {
  readonly engine?: string;
  readonly all?: boolean;
  readonly oldRuns?: boolean;
}

const examples = `
Examples:
  swarm-drill clean                                removes leftovers of finished runs from the engine
  swarm-drill clean --old-runs --keep 400d         removes the files of runs that are older than 400 days; what the
                                                   ledger needs stays, and each removal is an entry of it`;

export const cleanSubcommand = new Command('clean')
  .description('remove leftovers of finished runs')
  .addOption(engineOption())
  .option('--all', 'also remove what `run --keep` kept, and caches in the engine')
  .option('--old-runs', 'remove the files of old runs from --reports, and nothing else')
  .option(
    '--keep <time>',
    'with --old-runs: how long to keep files, e.g. 400d (default: as evidence.yml says)',
  )
  .option('--reports <directory>', 'with --old-runs: where reports of runs are', DEFAULT_REPORTS)
  .addOption(evidenceOption())
  .option('--dry-run', 'with --old-runs: only print what would be removed')
  .addOption(signingKeyOption())
  .addOption(signingKeyFdOption())
  .addHelpText('after', examples)
  .action(async ({ engine, all = false, oldRuns, ...options }: Options) => {
    if (oldRuns) return (await import('./clean-runs.ts')).cleanRuns(options);
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
