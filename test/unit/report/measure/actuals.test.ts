import { expect, test } from 'vitest';
import type { JournalEvent } from '../../../../src/drill/events.ts';
import { findMarks, measureActuals } from '../../../../src/report/measure/actuals.ts';

const at = '2026-11-23T02:15:07.000Z';
const written = (t: number, ...ids: string[]): JournalEvent => ({ t, event: 'written', ids });
const disaster: JournalEvent = { t: 100, event: 'mark', mark: 'disaster', at };
const surviving = (...ids: string[]): JournalEvent => ({ t: 150, event: 'surviving', ids });
const backup: JournalEvent = { t: 50, event: 'phase', phase: 'backup', at };
const actual = (...events: JournalEvent[]) => measureActuals(events, findMarks(events));

test('reports an RPA of 0 when nothing was lost', () => {
  expect(actual(written(10, 'a'), disaster, surviving('a'))).toMatchObject({
    lostWrites: 0,
    rpaSeconds: 0,
    rpaIsLowerBound: false,
  });
});

test('measures the RPA back to the last write before the first lost one, even when later ones survived', () => {
  const events = [
    written(10, 'a'),
    written(20, 'b'),
    backup,
    written(60, 'c'),
    disaster,
    surviving('a', 'c'),
  ];
  expect(actual(...events)).toMatchObject({
    lostWrites: 1,
    lostBeforeBackup: 1,
    rpaSeconds: 90,
    rpaIsLowerBound: false,
  });
});

test('treats a partly lost batch as lost', () => {
  const events = [written(10, 'a'), written(20, 'b', 'c'), disaster, surviving('a', 'b')];
  expect(actual(...events).rpaSeconds).toBe(90);
});

test('measures the RPA as at least the time since the first write when none survived', () => {
  expect(actual(written(10, 'a'), written(30, 'b'), disaster, surviving())).toMatchObject({
    lostWrites: 2,
    lostBeforeBackup: null,
    rpaSeconds: 90,
    rpaIsLowerBound: true,
  });
});

test('measures the RPA as a lower bound when the first write is lost and a later one survived', () => {
  expect(actual(written(10, 'a'), written(30, 'b'), disaster, surviving('b'))).toMatchObject({
    lostWrites: 1,
    rpaSeconds: 90,
    rpaIsLowerBound: true,
  });
});

test('ignores writes after the disaster', () => {
  const events = [written(10, 'a'), disaster, written(120, 'b'), surviving('a')];
  expect(actual(...events)).toMatchObject({ acknowledgedWrites: 1, lostWrites: 0 });
});

test('measures nothing without a disaster, an answer about surviving writes, or any write', () => {
  const unknown = { rpaSeconds: null, lostWrites: null };
  expect(actual(written(10, 'a'), surviving('a'))).toMatchObject({ ...unknown, rtaSeconds: null });
  expect(actual(written(10, 'a'), disaster)).toMatchObject(unknown);
  expect(actual(disaster, surviving())).toMatchObject(unknown);
});

test('ends the RTA at the first response after the disaster, and the time to proven at the last check', () => {
  const mark = (t: number, name: 'first-response' | 'proven'): JournalEvent => ({
    t,
    event: 'mark',
    mark: name,
    at,
  });
  const events = [
    mark(90, 'first-response'),
    disaster,
    mark(130, 'first-response'),
    mark(140, 'first-response'),
    mark(150, 'proven'),
    mark(160, 'proven'),
  ];
  expect(actual(...events)).toMatchObject({ rtaSeconds: 30, provenSeconds: 60 });
});
