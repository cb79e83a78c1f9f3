// Which wait a known cause belongs to, with the times of a real restore.
import { expect, test } from 'vitest';
import type { JournalEvent } from '../../../../src/drill/events.ts';
import type { KnownCause } from '../../../../src/drill/known-causes.ts';
import { buildReport } from '../../../../src/report/build.ts';
import { renderReport } from '../../../../src/report/html.ts';
import { nameCauses } from '../../../../src/report/measure/name-causes.ts';
import type { Step } from '../../../../src/report/schema.ts';
import { recoveredSample } from '../../../support/report/samples.ts';

const step = (name: string, offset: number, seconds: number, parts: Step[] = []): Step => ({
  name,
  phase: 'restore',
  startedAt: '2026-11-26T06:32:31.000Z',
  offset,
  seconds,
  ok: true,
  harness: false,
  gap: false,
  error: null,
  waits: [],
  parts,
});
const cause = (from: number, to: number, name = 'election time-out'): KnownCause => ({
  node: 'manager-2',
  name,
  link: 'https://github.com/moby/moby/issues/24077',
  from,
  to,
});
const namesOf = ({ name, causes, parts }: Step): string[] => [
  ...(causes ?? []).map((one) => `${name}: ${one.seconds}`),
  ...parts.flatMap(namesOf),
];
const named = (steps: Step[], ...causes: KnownCause[]): string[] =>
  nameCauses(steps, causes).flatMap(namesOf);

test('names the innermost step that waited', () => {
  const force = step('force a new cluster', 40.555, 10.895);
  const restore = step('restore with swarm state', 38.217, 13.256, [step('unpack', 38.3, 1.9), force]);
  expect(named([restore], cause(40.622, 50.587))).toEqual(['force a new cluster: 9.965']);
});

test('counts only the time that the step waited', () => {
  expect(named([step('services converge', 67.896, 19.344)], cause(56.213, 86.213))).toEqual([
    'services converge: 18.317',
  ]);
});

test('names no step that ended while the cause lasted, that began after it, or that did something else', () => {
  const parts = [step('start worker-1', 40.6, 4), step('join', 50.6, 3), step('a long restore', 41, 60)];
  expect(named(parts, cause(40.622, 50.587))).toEqual([]);
});

test('names a step once for a cause that several nodes have logged', () => {
  const election = [cause(83.586, 103.594), { ...cause(83.6, 103.6), node: 'manager-3' }];
  expect(named([step('survives leader loss', 92.485, 16.227)], ...election)).toEqual([
    'survives leader loss: 11.115',
  ]);
});

test('shows cause and issue in the recovery and in the timeline', () => {
  const seen: JournalEvent = { t: 99, event: 'cause', cause: cause(57.4, 61.6) };
  const events = [...recoveredSample(), seen].toSorted((a, b) => a.t - b.t);
  const html = renderReport(buildReport(events));
  const shown = html.match(/election time-out \(<a href="[^"]*">moby#24077<\/a>, log of manager-2\)/g);
  expect(shown).toHaveLength(2);
});
