// What vitest runs, in projects: tests that need nothing, tests of the program, what needs a lab, and every method by itself. Modules are loaded by
// Node.js itself, as the program loads them; all of it in one process.
import { defineConfig } from 'vitest/config';

const lab = { globalSetup: 'test/support/open-lab.ts', testTimeout: 0, hookTimeout: 0 };

/** A swarm waits for half of its time, for elections and for containers that end: two files at a time keep two processors busy. */
const sideBySide = { fileParallelism: true, maxWorkers: 2 };
/** What is measured has the machine to itself. */
const alone = { fileParallelism: false, maxWorkers: 1 };

export default defineConfig({
  test: {
    pool: 'threads',
    retry: 0,
    experimental: { viteModuleRunner: false, nodeLoader: false },
    projects: [
      {
        extends: true,
        test: { name: 'unit', ...sideBySide, include: ['src/**/*.test.ts'], testTimeout: 60_000 },
      },
      {
        extends: true,
        test: { name: 'cli', ...sideBySide, include: ['test/cli/**/*.test.ts'], testTimeout: 20_000 },
      },
      {
        extends: true,
        test: { name: 'lab', ...sideBySide, include: ['test/lab/**/*.test.ts'], ...lab },
      },
      {
        extends: true,
        test: { name: 'methods', ...sideBySide, include: ['test/methods/**/*.test.ts'], ...lab },
      },
      {
        extends: true,
        test: { name: 'controls', ...sideBySide, include: ['test/controls/**/*.test.ts'], ...lab },
      },
      {
        extends: true,
        test: {
          name: 'drills',
          ...alone,
          include: ['drills/**/*.drill.ts'],
          setupFiles: 'src/cli/runner/vitest-drills.ts',
          ...lab,
          globalSetup: 'src/cli/runner/vitest-lab.ts',
        },
      },
    ],
  },
});
