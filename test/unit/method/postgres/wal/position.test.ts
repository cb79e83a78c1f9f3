// Positions in the WAL: which is further, and which segment has them.
import { expect, test } from 'vitest';
import {
  furthestOf,
  reachesLsn,
  segmentBefore,
  timelineOf,
} from '../../../../../src/method/postgres/wal/position.ts';

const MIB = 2 ** 20;

test.for([
  ['0/3000158', '0/3000157', true],
  ['0/3000158', '0/3000158', true],
  ['0/3000158', '0/3000159', false],
  ['1/0', '0/FFFFFFFF', true],
  ['9/0', 'A/0', false],
] as const)('knows whether %s reaches %s', ([lsn, wanted, reaches]) => {
  expect(reachesLsn(lsn, wanted)).toBe(reaches);
});

test('prefers a later timeline to a later position', () => {
  const first = { timeline: 1, lsn: 'A/0' };
  const promoted = { timeline: 2, lsn: '9/0' };
  expect(furthestOf(first, promoted)).toBe(promoted);
  expect(furthestOf(promoted, first)).toBe(promoted);
  expect(furthestOf(first, { timeline: 1, lsn: '9/FFFFFFFF' })).toBe(first);
});

test('names the segment before a position, also at a boundary and past the end of a log file', () => {
  expect(segmentBefore({ timeline: 1, lsn: '0/3000158' }, 16 * MIB)).toBe('000000010000000000000003');
  expect(segmentBefore({ timeline: 2, lsn: '0/3000000' }, 16 * MIB)).toBe('000000020000000000000002');
  expect(segmentBefore({ timeline: 1, lsn: '1/0' }, 16 * MIB)).toBe('0000000100000000000000FF');
  expect(segmentBefore({ timeline: 10, lsn: 'AB/7800001' }, MIB)).toBe('0000000A000000AB00000078');
});

test('reads the timeline of a segment', () => {
  expect(timelineOf('0000001A00000000000000FF')).toBe(26);
});
