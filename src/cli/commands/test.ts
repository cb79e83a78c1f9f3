// swarm-drill test: vitest with this project's tests; the drills themselves are run by `run`.
import { Command } from 'commander';

export const testSubcommand = new Command('test')
  .description(
    'run the tests, but for those of single methods (`test --project methods`); arguments go to vitest, e.g. `test --project unit journal`',
  )
  .argument('[arguments...]', "vitest's own")
  .allowUnknownOption()
  .helpOption(false)
  .action(async (words: string[]) => {
    const { parseCLI, startVitest } = await import('vitest/node');
    const { filter, options } = parseCLI(['vitest', ...words]);
    const vitest = await startVitest(filter, { watch: false, project: ['!drills', '!methods'], ...options });
    // In watch mode vitest itself ends the process.
    if (vitest.shouldKeepServer()) await new Promise(() => {});
  });
