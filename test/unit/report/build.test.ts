import { describe, expect, test } from 'vitest';
import type { JournalEvent } from '../../../src/drill/events.ts';
import { buildReport } from '../../../src/report/build.ts';
import { parseJournal } from '../../../src/report/journal-reader.ts';
import {
  asText,
  inconclusiveSample,
  notRecoveredSample,
  recoveredSample,
} from '../../support/report/samples.ts';
import { Report, type Step } from '../../../src/report/schema.ts';

const sum = (steps: readonly Step[]): number => steps.reduce((total, step) => total + step.seconds, 0);

describe('the sample reports', () => {
  test('have the verdicts that follow from their journals', () => {
    expect(buildReport(recoveredSample()).verdict).toBe('recovered');
    expect(buildReport(notRecoveredSample()).reason).toBe('check "rows match" failed: 3 of 500 rows differ');
    expect(buildReport(inconclusiveSample()).reason).toBe(
      'the journal stops in restore, in the step "ledger_database runs"',
    );
  });

  test('have steps that add up to the total and never overlap', () => {
    const { steps, totalSeconds } = buildReport(recoveredSample());
    expect(sum(steps)).toBeCloseTo(totalSeconds, 6);
    steps.forEach((step, i) => {
      const before = steps[i - 1];
      expect(step.offset).toBeCloseTo(before ? before.offset + before.seconds : 0, 6);
    });
  });

  test('measure from the disaster to the first response, and back to the last write before a lost one', () => {
    expect(buildReport(recoveredSample()).actual).toEqual({
      rtaSeconds: 38.52,
      provenSeconds: 44.7,
      rpaSeconds: 19.8,
      rpaIsLowerBound: false,
      acknowledgedWrites: 520,
      lostWrites: 20,
      lostBeforeBackup: 0,
    });
  });
});

test('builds a valid report from a journal cut off at any byte', () => {
  const text = asText(notRecoveredSample());
  let lines = -1;
  for (let length = 0; length <= text.length; length += 7) {
    const { events, damagedLines } = parseJournal(text.slice(0, length));
    expect(damagedLines).toBe(0);
    // A line that is cut off counts for nothing, so the report is the same.
    if (events.length === lines) continue;
    lines = events.length;
    const report = Report.parse(buildReport(events, { name: 'total-loss' }));
    expect(report.complete).toBe(events.at(-1)?.event === 'end');
    expect(Math.abs(sum(report.steps) - report.totalSeconds)).toBeLessThan(0.01 * report.totalSeconds + 1e-9);
    if (!report.complete) expect(report.verdict).not.toBe('recovered');
  }
});

test('builds an inconclusive report from an empty journal, with the given name', () => {
  const report = buildReport([], { name: 'total-loss' });
  expect(report).toMatchObject({ name: 'total-loss', verdict: 'inconclusive', steps: [], complete: false });
});

describe('parsing a journal', () => {
  test('skips and counts damaged lines, except a last line that was cut off', () => {
    const { events, damagedLines } = parseJournal('{"t":1,"event":"end","at":""}\n{"t":2,"ev\n[]\n{"t":3');
    expect(events).toHaveLength(1);
    expect(damagedLines).toBe(2);
  });

  test('makes times monotonic', () => {
    const text = '{"t":5,"event":"end"}\n{"t":2,"event":"end"}\n';
    expect(parseJournal(text).events.map(({ t }) => t)).toEqual([5, 5]);
  });
});

describe('steps', () => {
  const at = '2026-11-23T02:15:07.000Z';
  const begin = (t: number, id: number, name: string, parent: number | null = null): JournalEvent => ({
    t,
    event: 'step',
    id,
    parent,
    name,
    harness: false,
    at,
  });
  const finish = (t: number, id: number, error: string | null = null): JournalEvent => ({
    t,
    event: 'step-end',
    id,
    error,
  });
  const phase = (t: number, name: 'provision' | 'restore' | 'teardown'): JournalEvent => ({
    t,
    event: 'phase',
    phase: name,
    at,
  });
  const rows = (...events: JournalEvent[]) =>
    buildReport(events).steps.map(({ name, offset, seconds, ok }) => ({ name, offset, seconds, ok }));

  test('leave no gap: time that no step accounts for gets a row', () => {
    expect(
      rows(phase(0, 'provision'), begin(1, 1, 'a'), finish(2, 1), phase(3, 'teardown'), {
        t: 4,
        event: 'end',
        at,
      }),
    ).toEqual([
      { name: 'between steps', offset: 0, seconds: 1, ok: true },
      { name: 'a', offset: 1, seconds: 1, ok: true },
      { name: 'between steps', offset: 2, seconds: 1, ok: true },
      { name: 'teardown', offset: 3, seconds: 1, ok: true },
    ]);
  });

  test('that the drill takes outside of its steps are its own, not the harness’s', () => {
    const { steps, harness } = buildReport([
      phase(0, 'restore'),
      begin(1, 1, 'a'),
      finish(2, 1),
      begin(2.1, 2, 'b'),
      finish(3, 2),
      phase(3, 'teardown'),
    ]);
    expect(steps.map(({ name, gap, harness: ours }) => ({ name, gap, ours }))).toEqual([
      { name: "the drill's own code", gap: false, ours: false },
      { name: 'a', gap: false, ours: false },
      // Too short to be worth a row of the page.
      { name: "the drill's own code", gap: true, ours: false },
      { name: 'b', gap: false, ours: false },
    ]);
    expect(harness.seconds).toBe(0);
  });

  test('that overlap at the top level become parts of one row', () => {
    const events = [phase(0, 'restore'), begin(0, 1, 'a'), begin(1, 2, 'b'), finish(3, 1), finish(4, 2)];
    const [row] = buildReport(events).steps;
    expect(row).toMatchObject({ name: '2 parallel steps', seconds: 4 });
    expect(row?.parts.map((part) => part.name)).toEqual(['a', 'b']);
  });

  test('left running by a failed sibling end with their phase', () => {
    const failed = [
      begin(0, 1, 'a'),
      begin(0, 2, 'b'),
      finish(1, 1, 'no disk'),
      phase(2, 'teardown'),
      finish(5, 2),
    ];
    expect(rows(phase(0, 'restore'), ...failed)).toEqual([
      { name: '2 parallel steps', offset: 0, seconds: 2, ok: false },
      { name: 'teardown', offset: 2, seconds: 3, ok: false },
    ]);
  });

  test('still running at the end of the journal end there and are not ok', () => {
    const [row] = buildReport([
      phase(0, 'restore'),
      begin(0, 1, 'a'),
      begin(1, 2, 'b', 1),
      finish(3, 2),
    ]).steps;
    expect(row).toMatchObject({
      name: 'a',
      seconds: 3,
      ok: false,
      error: 'not finished when the journal ended',
    });
    expect(row?.parts[0]).toMatchObject({ name: 'b', offset: 1, seconds: 2, ok: true });
  });

  test('report how long they waited for what, each reason once', () => {
    const wait = (t: number, because: string): JournalEvent => ({ t, event: 'wait', step: 1, because });
    const events = [begin(0, 1, 'a'), wait(1, 'x'), wait(2, 'y'), wait(4, 'x'), finish(8, 1)];
    expect(buildReport([phase(0, 'restore'), ...events]).steps[0]?.waits).toEqual([
      { because: 'x', seconds: 5 },
      { because: 'y', seconds: 2 },
    ]);
  });
});
