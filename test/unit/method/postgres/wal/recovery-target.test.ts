// The point in time that a restore recovers to.
import { expect, test } from 'vitest';
import {
  formatTarget,
  isAfter,
  parseTarget,
} from '../../../../../src/method/postgres/wal/recovery-target.ts';
import { parseTimestamp, type Timestamp } from '../../../../../src/method/postgres/wal/timestamp.ts';

const ENDED = '2026-11-23T02:15:07.123456Z';

test.for(['yesterday', '2026-11-23T02:15:07', '2026-13-23T02:15:07Z', '1763863200', ''])(
  'refuses the time "%s" and shows an example of a valid one',
  (time) => {
    expect(() => parseTarget(time, ENDED)).toThrow(
      expect.objectContaining({ blame: 'usage', hint: expect.stringContaining('2026-11-23T02:15:07') }),
    );
  },
);

test('refuses a time before the end of the base backup, to the microsecond', () => {
  expect(parseTarget(ENDED, ENDED)).toBe(parseTimestamp(ENDED));
  expect(() => parseTarget('2026-11-23T02:15:07.123455Z', ENDED)).toThrow(
    expect.objectContaining({ blame: 'finding', code: 'target-before-base' }),
  );
});

test('treats latest as after every commit', () => {
  const target = parseTarget('latest', ENDED);
  expect(formatTarget(target)).toBe('the end of the WAL');
  expect(isAfter(Number.MAX_SAFE_INTEGER as Timestamp, target)).toBe(false);
});
