// swarm-drill test: runs this project's tests with vitest. Drills are run with `run`.
import { Command } from 'commander';

export const testSubcommand = new Command('test')
  .description(
    'run the tests except those of single methods and failures (`test --project methods`, `disasters`, `scenarios`); passes arguments to vitest, e.g. `test --project unit journal`',
  )
  .argument('[arguments...]', 'arguments of vitest')
  .allowUnknownOption()
  .helpOption(false)
  .action(async (args: string[]) => {
    const { parseCLI, startVitest } = await import('vitest/node');
    const { filter, options } = parseCLI(['vitest', ...args]);
    const vitest = await startVitest(filter, {
      watch: false,
      project: ['!drills', '!methods', '!disasters', '!scenarios'],
      ...options,
    });
    // In watch mode, vitest ends the process.
    if (vitest.shouldKeepServer()) await new Promise(() => {});
  });
