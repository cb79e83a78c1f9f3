// Names of WAL segments, and chains of them.
import { expect, test } from 'vitest';
import { chainSegments, nextSegment } from '../../../../../src/method/postgres/wal/segments.ts';

const MIB = 2 ** 20;

test('names the next segment, past the end of a log file of either size', () => {
  expect(nextSegment('0000000100000000000000FF', 16 * MIB)).toBe('000000010000000100000000');
  expect(nextSegment('00000001000000000000003F', 64 * MIB)).toBe('000000010000000100000000');
  expect(nextSegment('00000002000000AB0000001E', 16 * MIB)).toBe('00000002000000AB0000001F');
});

test('ends a chain at the first gap and lists what can not be reached', () => {
  const archived = [5, 3, 4, 8, 7].map((number) => `00000001000000000000000${number}`);
  const withOtherTimeline = [...archived, '000000020000000000000006'];
  expect(chainSegments('000000010000000000000002', withOtherTimeline, 16 * MIB)).toEqual({
    contiguous: archived.slice(0, 3).sort(),
    missing: '000000010000000000000006',
    unreachable: ['000000010000000000000007', '000000010000000000000008'],
  });
});

test('returns an empty chain when nothing follows', () => {
  const archived = [5, 3, 4, 8, 7].map((number) => `00000001000000000000000${number}`);
  expect(chainSegments('000000010000000000000008', archived, 16 * MIB)).toEqual({
    contiguous: [],
    missing: '000000010000000000000009',
    unreachable: [],
  });
});
