// What vitest runs, in projects: tests that need nothing, tests of the program, and what needs a lab. Modules are loaded by
// Node.js itself, as the program loads them; all of it in one process, one file at a time.
import { defineConfig } from 'vitest/config';

const lab = { globalSetup: 'src/cli/vitest/lab.ts', testTimeout: 0, hookTimeout: 0 };

export default defineConfig({
  test: {
    pool: 'threads',
    fileParallelism: false,
    maxWorkers: 1,
    retry: 0,
    experimental: { viteModuleRunner: false, nodeLoader: false },
    projects: [
      { extends: true, test: { name: 'unit', include: ['src/**/*.test.ts'] } },
      { extends: true, test: { name: 'cli', include: ['test/cli/**/*.test.ts'], testTimeout: 20_000 } },
      { extends: true, test: { name: 'lab', include: ['test/lab/**/*.test.ts'], ...lab } },
      { extends: true, test: { name: 'controls', include: ['test/controls/**/*.test.ts'], ...lab } },
      {
        extends: true,
        test: {
          name: 'drills',
          include: ['drills/**/*.drill.ts'],
          setupFiles: 'src/cli/vitest/drills.ts',
          ...lab,
        },
      },
    ],
  },
});
