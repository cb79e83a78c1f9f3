// Names of WAL segments, chains of them, and times as fine as Postgres writes them.
import { expect, test } from 'vitest';
import { chainAfter, endOfTransaction, momentOf, namedMoment, nextSegment, timeOf } from './wal.ts';

const MIB = 2 ** 20;

test('a segment follows another, over the end of a log file of either size', () => {
  expect(nextSegment('0000000100000000000000FF', 16 * MIB)).toBe('000000010000000100000000');
  expect(nextSegment('00000001000000000000003F', 64 * MIB)).toBe('000000010000000100000000');
  expect(nextSegment('00000002000000AB0000001E', 16 * MIB)).toBe('00000002000000AB0000001F');
});

test('a chain ends at the first gap and tells what lies beyond it', () => {
  const there = [5, 3, 4, 8, 7].map((number) => `00000001000000000000000${number}`);
  expect(chainAfter('000000010000000000000002', [...there, '000000020000000000000006'], 16 * MIB)).toEqual({
    whole: there.slice(0, 3).sort(),
    missing: '000000010000000000000006',
    beyond: ['000000010000000000000007', '000000010000000000000008'],
  });
  expect(chainAfter('000000010000000000000008', there, 16 * MIB)).toEqual({
    whole: [],
    missing: '000000010000000000000009',
    beyond: [],
  });
});

test('times keep their microseconds and their zone', () => {
  const moment = momentOf('2026-11-23 02:15:07.120003 UTC');
  expect(moment).toBe(momentOf('2026-11-23T03:15:07.120003+01:00'));
  expect(timeOf(moment ?? (0 as never))).toBe('2026-11-23T02:15:07.120003Z');
});

test.for(['yesterday', '2026-11-23T02:15:07', '2026-13-23T02:15:07Z', '1763863200', ''])(
  'the time "%s" is refused with an example of a good one',
  (time) => {
    expect(() => namedMoment(time)).toThrow(
      expect.objectContaining({ blame: 'usage', hint: expect.stringContaining('2026-11-23T02:15:07') }),
    );
  },
);

test.for([
  ['tx: 740, lsn: 0/03000158, desc: COMMIT 2026-11-23 02:15:07.123456 UTC; inval msgs: catcache 80', true],
  ['tx: 741, lsn: 0/03000158, desc: ABORT 2026-11-23 02:15:07.123456 UTC', true],
  ['tx: 0, lsn: 0/03000158, desc: COMMIT_PREPARED 740: 2026-11-23 02:15:07.123456 UTC', true],
  ['tx: 740, lsn: 0/03000158, desc: PREPARE gid x: 2026-11-23 02:15:07.123456 UTC', false],
  ['first record is after 0/3000000, at 0/3000028, skipping over 40 bytes', false],
] as const)('the end of a transaction is told from other lines: %s', ([line, ends]) => {
  expect(endOfTransaction(line)).toBe(ends ? momentOf('2026-11-23T02:15:07.123456Z') : undefined);
});
