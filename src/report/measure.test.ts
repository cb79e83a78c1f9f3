import { expect, test } from 'vitest';
import type { JournalEvent } from '../drill/events.ts';
import { findMarks, measureActuals } from './measure.ts';

const at = '2026-11-23T02:15:07.000Z';
const written = (t: number, ...ids: string[]): JournalEvent => ({ t, event: 'written', ids });
const disaster: JournalEvent = { t: 100, event: 'mark', mark: 'disaster', at };
const surviving = (...ids: string[]): JournalEvent => ({ t: 150, event: 'surviving', ids });
const backup: JournalEvent = { t: 50, event: 'phase', phase: 'backup', at };
const actual = (...events: JournalEvent[]) => measureActuals(events, findMarks(events));

test('nothing lost is an RPA of 0', () => {
  expect(actual(written(10, 'a'), disaster, surviving('a'))).toMatchObject({ lostWrites: 0, rpaSeconds: 0 });
});

test('the RPA reaches back to the last write before the first lost one, even when later ones survived', () => {
  const events = [
    written(10, 'a'),
    written(20, 'b'),
    backup,
    written(60, 'c'),
    disaster,
    surviving('a', 'c'),
  ];
  expect(actual(...events)).toMatchObject({ lostWrites: 1, lostBeforeBackup: 1, rpaSeconds: 90 });
});

test('a batch that is only partly there is not all there', () => {
  const events = [written(10, 'a'), written(20, 'b', 'c'), disaster, surviving('a', 'b')];
  expect(actual(...events).rpaSeconds).toBe(90);
});

test('when no write survived the RPA reaches back to the first one', () => {
  expect(actual(written(10, 'a'), written(30, 'b'), disaster, surviving())).toMatchObject({
    lostWrites: 2,
    lostBeforeBackup: null,
    rpaSeconds: 90,
  });
});

test('writes after the disaster are not counted', () => {
  const events = [written(10, 'a'), disaster, written(120, 'b'), surviving('a')];
  expect(actual(...events)).toMatchObject({ acknowledgedWrites: 1, lostWrites: 0 });
});

test('without a disaster, an answer about survivors or any write there is nothing to measure', () => {
  const unknown = { rpaSeconds: null, lostWrites: null };
  expect(actual(written(10, 'a'), surviving('a'))).toMatchObject({ ...unknown, rtaSeconds: null });
  expect(actual(written(10, 'a'), disaster)).toMatchObject(unknown);
  expect(actual(disaster, surviving())).toMatchObject(unknown);
});

test('the first answer after the disaster stops the RTA, the last proof the time to proven', () => {
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
