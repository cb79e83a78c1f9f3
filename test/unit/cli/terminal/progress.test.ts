// Which progress a stream gets.
import { expect, test } from 'vitest';
import { LineView } from '../../../../src/cli/terminal/line-view.ts';
import { LiveView } from '../../../../src/cli/terminal/live-view.ts';
import { createProgressView } from '../../../../src/cli/terminal/progress.ts';

test.for([
  ['a terminal', { isTTY: true, columns: 80 }, LiveView],
  ['a terminal that does not know its width', { isTTY: true, columns: 0 }, LineView],
  ['a file', { isTTY: false }, LineView],
] as const)('%s', ([, stream, View]) => {
  expect(createProgressView(stream as NodeJS.WriteStream)).toBeInstanceOf(View);
});
