import { expect, test } from 'vitest';
import type { JournalEvent } from '../../../../src/drill/events.ts';
import { buildReport } from '../../../../src/report/build.ts';
import { renderReport } from '../../../../src/report/html.ts';
import { buildRunbook } from '../../../../src/report/view/runbook-view.ts';
import { recoveredSample } from '../../../support/report/samples.ts';

const rows = (events: readonly JournalEvent[] = recoveredSample()) =>
  buildRunbook(buildReport(events))?.rows ?? [];

test('lists the commands of the restore in the order in which they began, with their times', () => {
  expect(
    rows().map(({ on, line, at, seconds }) => [on, line.split(' ').slice(0, 3).join(' '), at, seconds]),
  ).toEqual([
    ['m1', 'tar -xf swarm-state.tar', '6.5 s', '1.4 s'],
    ['m1', 'docker swarm init', '7.9 s', '4.4 s'],
    ['m2', 'docker swarm join', '12.3 s', '7.2 s'],
    ['m3', 'docker swarm join', '12.4 s', '7.5 s'],
    ['w1', 'docker swarm join', '12.4 s', '7.9 s'],
    ['w2', 'docker swarm join', '12.4 s', '8.3 s'],
    ['w2', 'restic restore 4f0c2e9b', '20.9 s', '3.8 s'],
    ['m1', 'docker node update', '20.9 s', '640 ms'],
    ['w1', 'pg_restore --clean --if-exists', '33.5 s', '2.7 s'],
  ]);
});

test('names the steps that a command belongs to', () => {
  expect(rows()[1]?.purpose).toBe('start a swarm from swarm-state.tar › force a new cluster');
});

test('marks what began while another command ran', () => {
  expect(
    rows()
      .filter(({ overlaps }) => overlaps)
      .map(({ on }) => on),
  ).toEqual(['m3', 'w1', 'w2', 'm1']);
});

test('ignores commands of other phases and of the harness', () => {
  const moved = recoveredSample().map((event) =>
    event.event === 'phase' && event.phase === 'restore' ? { ...event, phase: 'outage' as const } : event,
  );
  expect(buildRunbook(buildReport(moved))).toBeNull();
  const own = recoveredSample().map((event) =>
    event.event === 'step' ? { ...event, harness: true } : event,
  );
  expect(buildRunbook(buildReport(own))).toBeNull();
});

test('shows why a command failed', () => {
  const events = recoveredSample();
  const init = events.find((event) => event.event === 'step' && event.name === 'force a new cluster');
  const failed = events.map((event) =>
    event.event === 'step-end' && init?.event === 'step' && event.id === init.id
      ? { ...event, error: 'the engine refused' }
      : event,
  );
  expect(rows(failed).map(({ error }) => error)).toContain('the engine refused');
  expect(renderReport(buildReport(failed))).toContain('<p class="error">the engine refused</p>');
});

test('is a section of the page, and left out where no step has a command', () => {
  const html = renderReport(buildReport(recoveredSample()));
  expect(html).toContain('<h2 id="runbook">Runbook</h2>');
  expect(html).toContain('docker swarm join --token &lt;worker token&gt; 10.215.0.11:2377');
  expect(html).toContain('9 commands');
  const without = recoveredSample().map((event) => {
    if (event.event !== 'step') return event;
    const { command: _, ...step } = event;
    return step;
  });
  expect(renderReport(buildReport(without))).not.toContain('id="runbook"');
});
