// swarm-drill test: runs this project's tests with vitest. Drills are run with `run`.
import { Command } from 'commander';

/** Projects that only run when they are named: they take long. */
const SEPARATE = ['methods', 'vault', 'disasters', 'scenarios', 'facts', 'jobs', 'pages', 'nights'] as const;

export const testSubcommand = new Command('test')
  .description(
    'run the tests except those of single methods, of the vault and its secrets, of single failures, of facts about Swarm, of drills side by side, of pages in a browser, and of nights that go wrong (`test --project methods`, `vault`, `disasters`, `scenarios`, `facts`, `jobs`, `pages`, `nights`); passes arguments to vitest, e.g. `test --project unit journal`',
  )
  .argument('[arguments...]', 'arguments of vitest')
  .allowUnknownOption()
  .helpOption(false)
  .action(async (args: string[]) => {
    const { parseCLI, startVitest } = await import('vitest/node');
    const { filter, options } = parseCLI(['vitest', ...args]);
    const vitest = await startVitest(filter, {
      watch: false,
      project: ['!drills', ...SEPARATE.map((name) => `!${name}`)],
      ...options,
    });
    // In watch mode, vitest ends the process.
    if (vitest.shouldKeepServer()) await new Promise(() => {});
  });
