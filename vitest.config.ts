// The test projects of vitest: unit (no engine), cli (the program), pages (in a browser), nights (runs that no one
// watches: killed, overlapping, without a disk), lab (needs a lab), methods (each backup method), jobs (drills side by
// side and on several engines), controls, vault (its checks, and secrets), scenarios (the traps of the drills of single failures), facts (about Swarm, on each engine
// version), drills.
// Node.js loads the modules itself, as in the program.
import { defineConfig } from 'vitest/config';

const lab = { globalSetup: 'test/support/open-lab.ts', testTimeout: 0, hookTimeout: 0 };

/** A lab that has nodes of every engine version, too. */
const versionsLab = { ...lab, globalSetup: 'test/support/open-versions-lab.ts' };

/** A swarm spends half of its time waiting (elections, containers that end): two files at a time keep two processors busy. */
const sideBySide = { fileParallelism: true, maxWorkers: 2 };
/** Drills are measured, so they run one at a time. */
const oneAtATime = { fileParallelism: false, maxWorkers: 1 };

export default defineConfig({
  test: {
    pool: 'threads',
    retry: 0,
    experimental: { viteModuleRunner: false, nodeLoader: false },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          ...sideBySide,
          include: ['test/unit/**/*.test.ts'],
          testTimeout: 60_000,
          // The files share their modules, whose loading would take as long as the tests. So no test may leave anything changed.
          isolate: false,
          restoreMocks: true,
          unstubEnvs: true,
        },
      },
      {
        extends: true,
        test: { name: 'cli', ...sideBySide, include: ['test/cli/**/*.test.ts'], testTimeout: 20_000 },
      },
      {
        extends: true,
        // The pages in a browser.
        test: { name: 'pages', ...sideBySide, include: ['test/pages/**/*.test.ts'], testTimeout: 120_000 },
      },
      {
        extends: true,
        test: { name: 'nights', ...sideBySide, include: ['test/nights/**/*.test.ts'], testTimeout: 120_000 },
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
        test: { name: 'jobs', ...oneAtATime, include: ['test/jobs/**/*.test.ts'], ...lab },
      },
      {
        extends: true,
        test: { name: 'controls', ...sideBySide, include: ['test/controls/**/*.test.ts'], ...lab },
      },
      {
        extends: true,
        test: { name: 'vault', ...sideBySide, include: ['test/vault/**/*.test.ts'], ...lab },
      },
      {
        extends: true,
        test: { name: 'disasters', ...sideBySide, include: ['test/disasters/**/*.test.ts'], ...lab },
      },
      {
        extends: true,
        test: {
          name: 'scenarios',
          ...sideBySide,
          include: ['test/scenarios/**/*.test.ts'],
          ...versionsLab,
        },
      },
      {
        extends: true,
        // What docs/swarm-facts.md states, on each engine version.
        test: {
          name: 'facts',
          ...sideBySide,
          include: ['test/facts/**/*.test.ts'],
          ...versionsLab,
        },
      },
      {
        extends: true,
        test: {
          name: 'drills',
          ...oneAtATime,
          include: ['drills/**/*.drill.ts'],
          setupFiles: 'src/cli/runner/vitest-drills.ts',
          ...lab,
          globalSetup: 'src/cli/runner/vitest-lab.ts',
        },
      },
    ],
  },
});
