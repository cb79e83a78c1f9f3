// The end of a run on the terminal.
import { expect, test } from 'vitest';
import { createPalette } from '../../../../src/cli/terminal/palette.ts';
import { formatSummary } from '../../../../src/cli/terminal/summary.ts';
import type { JournalEvent } from '../../../../src/drill/events.ts';
import { buildReport } from '../../../../src/report/build.ts';
import { buildRun } from '../../../../src/report/run.ts';
import { recoveredSample } from '../../../support/report/samples.ts';

const PLAIN = createPalette({ isTTY: false } as NodeJS.WriteStream);
const summaryOf = (events: readonly JournalEvent[]): string[] =>
  formatSummary(buildRun([buildReport(events)]), 'reports/x', PLAIN).split('\n');

const lastIs = (event: JournalEvent): JournalEvent[] => [...recoveredSample(), event];

test('says what to do about the error that ended a drill', () => {
  const hint = 'Add the recipe of "web" to the images of the plan.';
  const failed = {
    t: 99,
    event: 'failed',
    phase: 'seed',
    blame: 'harness',
    reason: 'no image',
    detail: '',
  } as const;
  expect(summaryOf(lastIs({ ...failed, hint }))).toContain(`  what to do: ${hint}`);
  expect(summaryOf(lastIs(failed)).join('\n')).not.toContain('what to do');
});

test('says what running side by side gained, if anything', () => {
  const report = buildReport(recoveredSample());
  const summary = (...names: string[]): string =>
    formatSummary(buildRun(names.map((name) => ({ ...report, name }))), 'reports/x', PLAIN);
  expect(summary('one', 'other')).toContain(': at most 2.0 times as fast as one after the other\n');
  expect(summary('one')).not.toContain('times as fast');
});

test('says how to enter what was kept, and how to remove it', () => {
  const cleanup = {
    before: {},
    after: {},
    leaked: [],
    errors: [],
    shellCommand: 'docker exec -it node sh',
    removeCommand: 'node src/cli/start.mjs clean --all',
  };
  const lines = summaryOf(lastIs({ t: 99, event: 'cleanup', cleanup }));
  expect(lines).toContain('  kept; open a shell with: docker exec -it node sh');
  expect(lines).toContain('  remove it with: node src/cli/start.mjs clean --all');
});
