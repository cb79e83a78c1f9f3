// Times as fine as Postgres writes them.
import { expect, test } from 'vitest';
import {
  formatTimestamp,
  parseTimestamp,
  parseTransactionEnd,
} from '../../../../../src/method/postgres/wal/timestamp.ts';

test('keeps microseconds and time zone', () => {
  const timestamp = parseTimestamp('2026-11-23 02:15:07.120003 UTC');
  expect(timestamp).toBe(parseTimestamp('2026-11-23T03:15:07.120003+01:00'));
  expect(formatTimestamp(timestamp ?? (0 as never))).toBe('2026-11-23T02:15:07.120003Z');
});

test.for([
  ['tx: 740, lsn: 0/03000158, desc: COMMIT 2026-11-23 02:15:07.123456 UTC; inval msgs: catcache 80', true],
  ['tx: 741, lsn: 0/03000158, desc: ABORT 2026-11-23 02:15:07.123456 UTC', true],
  ['tx: 0, lsn: 0/03000158, desc: COMMIT_PREPARED 740: 2026-11-23 02:15:07.123456 UTC', true],
  ['tx: 740, lsn: 0/03000158, desc: PREPARE gid x: 2026-11-23 02:15:07.123456 UTC', false],
  ['first record is after 0/3000000, at 0/3000028, skipping over 40 bytes', false],
] as const)('recognises the end of a transaction: %s', ([line, ends]) => {
  expect(parseTransactionEnd(line)).toBe(ends ? parseTimestamp('2026-11-23T02:15:07.123456Z') : undefined);
});
