// What a terminal shows of drills that run side by side.
import { expect, test } from 'vitest';
import { LiveLines } from '../../../../src/cli/terminal/live-lines.ts';
import { createPalette } from '../../../../src/cli/terminal/palette.ts';
import { ProgressTracker } from '../../../../src/cli/terminal/progress-tracker.ts';

const lines = new LiveLines(createPalette({ isTTY: false } as NodeJS.WriteStream));

/** A drill that waits in the first of two steps. */
function running(name: string) {
  const tracker = new ProgressTracker();
  tracker.apply({ t: 0, event: 'phase', phase: 'seed', at: '' });
  tracker.apply({ t: 1, event: 'step', id: 1, parent: null, name: 'deploy', harness: false, at: '' });
  tracker.apply({ t: 1, event: 'wait', step: 1, because: 'tasks: 1 of 3 running' });
  tracker.apply({ t: 2, event: 'step', id: 2, parent: null, name: 'copy files', harness: false, at: '' });
  return { name, tracker };
}
const textOf = (names: readonly string[], rows: number): string[] =>
  lines.ofSeveral(names.map(running), rows).map((line) => line.replace(/ {2,}[\d.]+ m?s$/, ''));

test('shows every drill with its phase, its running steps and what they wait for', () => {
  expect(textOf(['one', 'two'], 24)).toEqual(
    ['one', 'two'].flatMap((name) => [
      `  ${name}: seed`,
      '    > deploy',
      '    > copy files',
      '      waiting for tasks: 1 of 3 running',
    ]),
  );
});

test('shows fewer steps where the terminal has few rows, and still every drill', () => {
  expect(textOf(['one', 'two'], 6)).toEqual(['  one: seed', '    > deploy', '  two: seed', '    > deploy']);
  expect(textOf(['one', 'two', 'three', 'four'], 5)).toEqual(
    ['one', 'two', 'three', 'four'].map((name) => `  ${name}: seed`),
  );
});
