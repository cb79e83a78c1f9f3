// Progress without a terminal, read from a journal on disk.
import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { JournalEvent } from '../../../../src/drill/events.ts';
import { asText, recoveredSample } from '../../../support/report/samples.ts';
import { JournalTail } from '../../../../src/cli/terminal/journal-tail.ts';
import { LineView } from '../../../../src/cli/terminal/line-view.ts';
import { ProgressTracker } from '../../../../src/cli/terminal/progress-tracker.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'swarm-drill-test-'));
});
afterEach(() => rm(directory, { recursive: true }));

function show(events: readonly JournalEvent[]): string[] {
  const lines: string[] = [];
  const view = new LineView((line) => lines.push(line));
  const tracker = new ProgressTracker();
  for (const event of events) {
    tracker.apply(event);
    view.onEvent('total-loss', tracker, event);
  }
  return lines;
}

test('prints title, phases and finished steps with their durations, in order, without parts of steps', () => {
  const lines = show(recoveredSample());
  expect(lines.slice(0, 5)).toEqual([
    'total-loss: total loss: the ledger comes back from the off-site backup',
    'total-loss: plan',
    'total-loss: provision',
    'total-loss:   start the lab 4.3 s',
    'total-loss:   start 5 nodes 9.6 s',
  ]);
  expect(lines.join('\n')).not.toContain('start m1');
  expect(lines.at(-1)).toMatch(/^total-loss: {3}/);
});

test('prints why a step failed', () => {
  const lines = show([
    { t: 0, event: 'phase', phase: 'restore', at: '' },
    { t: 1, event: 'step', id: 1, parent: null, name: 'pg_restore', harness: false, at: '' },
    { t: 2.5, event: 'step-end', id: 1, error: 'relation exists' },
  ]);
  expect(lines).toEqual(['total-loss: restore', 'total-loss:   pg_restore 1.5 s, failed: relation exists']);
});

test('prints a wait once, after two seconds', () => {
  const lines: string[] = [];
  const view = new LineView((line) => lines.push(line));
  const tracker = new ProgressTracker();
  const events: JournalEvent[] = [
    { t: 0, event: 'phase', phase: 'seed', at: '' },
    { t: 0, event: 'step', id: 1, parent: null, name: 'services converge', harness: false, at: '' },
    { t: 0.1, event: 'wait', step: 1, because: 'tasks: 2 of 3 running' },
  ];
  for (const event of events) tracker.apply(event);
  view.onTick([{ name: 'd', tracker }]);
  expect(lines).toEqual([]);
  const now = performance.now();
  vi.spyOn(performance, 'now').mockReturnValue(now + 2100);
  view.onTick([{ name: 'd', tracker }]);
  view.onTick([{ name: 'd', tracker }]);
  vi.restoreAllMocks();
  expect(lines).toEqual(['d:   waiting for tasks: 2 of 3 running']);
});

test('reads a journal that does not exist yet, grows, and ends in an incomplete line', async () => {
  const tail = new JournalTail(directory);
  expect(tail.read()).toEqual([]);
  const text = asText(recoveredSample().slice(0, 3));
  const cut = text.length - 10;
  await appendFile(join(directory, 'journal.jsonl'), text.slice(0, cut));
  expect(tail.read()).toHaveLength(2);
  expect(tail.read()).toEqual([]);
  await appendFile(join(directory, 'journal.jsonl'), text.slice(cut));
  expect(tail.read()).toEqual(recoveredSample().slice(2, 3));
  tail.close();
});
