// What vitest runs, in projects: tests that need nothing, tests of the program, what needs a lab, and every method by itself. Modules are loaded by
// Node.js itself, as the program loads them; all of it in one process, one file at a time.
import { defineConfig } from 'vitest/config';

/** One real server or repository each, and a quarter of an hour together: run by name, and every night. */
const methods = [
  'borg',
  'companion',
  'docker-cp',
  'git-stack',
  'postgres-methods',
  'restic',
  'rsync',
  'service-export',
  'swarm-file*',
  'valkey-methods',
  'vault-streams',
  'volume-plugin',
].map((name) => `test/lab/${name}.test.ts`);

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
      { extends: true, test: { name: 'lab', include: ['test/lab/**/*.test.ts'], exclude: methods, ...lab } },
      { extends: true, test: { name: 'methods', include: methods, ...lab } },
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
