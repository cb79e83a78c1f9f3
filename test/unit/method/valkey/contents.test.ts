import { expect, test } from 'vitest';
import { compareKeyspace, type KeyValueContents } from '../../../../src/method/valkey/contents.ts';
import { parseManifest, possibleEnds } from '../../../../src/method/valkey/aof-set.ts';

const NOTHING = { expired: 0, changes: 0 };

type Database = KeyValueContents['databases'][string];
const holding = (
  databases: Record<string, Partial<Database>>,
  libraries: string[] = [],
): KeyValueContents => ({
  databases: Object.fromEntries(
    Object.entries(databases).map(([number, counts]) => [
      number,
      { keys: 0, expires: 0, volatile: 0, ...counts },
    ]),
  ),
  libraries,
});

test('finds no difference in what is equal', () => {
  const all = holding({ 0: { keys: 5, expires: 2 }, 40: { keys: 1 } }, ['billing']);
  expect(compareKeyspace(all, all, NOTHING)).toEqual([]);
});

test('accepts that keys are missing whose time was over', () => {
  const recorded = holding({ 0: { keys: 5, expires: 2 }, 1: { keys: 1, expires: 1 } });
  expect(
    compareKeyspace(recorded, holding({ 0: { keys: 4, expires: 1 } }), { expired: 2, changes: 0 }),
  ).toEqual([]);
});

test('sees keys that expire and are missing too early', () => {
  const recorded = holding({ 0: { keys: 5, expires: 2 } });
  expect(compareKeyspace(recorded, holding({ 0: { keys: 3 } }), { expired: 1, changes: 0 })).toEqual([
    '2 keys that expire are missing, and the time of only 1 was over',
  ]);
});

test('sees a database that is missing, one that is extra, and keys in the wrong one', () => {
  const recorded = holding({ 0: { keys: 1 }, 40: { keys: 2 } });
  expect(compareKeyspace(recorded, holding({ 0: { keys: 3 } }), NOTHING)).toEqual([
    'database 0: expected 1 keys that never expire, got 3',
    'database 40: expected 2 keys that never expire, got 0',
  ]);
});

test('sees keys that lost their expiry time', () => {
  const recorded = holding({ 0: { keys: 5, expires: 5 } });
  expect(compareKeyspace(recorded, holding({ 0: { keys: 5 } }), NOTHING)).toContain(
    'database 0: expected 0 keys that never expire, got 5',
  );
});

test('accepts that a hash is missing whose fields expire', () => {
  const recorded = holding({ 0: { keys: 5, volatile: 1 } });
  expect(compareKeyspace(recorded, holding({ 0: { keys: 4 } }), NOTHING)).toEqual([]);
  expect(compareKeyspace(recorded, holding({ 0: { keys: 3 } }), NOTHING)).toHaveLength(1);
});

test('sees libraries of functions that are missing or extra', () => {
  expect(compareKeyspace(holding({}, ['billing']), holding({}, ['audit']), NOTHING)).toEqual([
    'functions: the library billing is missing',
    'functions: the library audit is extra',
  ]);
});

test('parses the manifest of an AOF, quoted names and replaced files included', () => {
  const manifest = [
    'file "my file.aof.1.base.rdb" seq 1 type b',
    'file appendonly.aof.1.incr.aof seq 1 type h',
    'file appendonly.aof.2.incr.aof seq 2 type i',
    '',
  ].join('\n');
  expect(parseManifest(manifest)).toEqual([
    { name: 'my file.aof.1.base.rdb', type: 'b' },
    { name: 'appendonly.aof.1.incr.aof', type: 'h' },
    { name: 'appendonly.aof.2.incr.aof', type: 'i' },
  ]);
});

test('allows as many differences as there were changes between the count and the snapshot', () => {
  const recorded = holding({ 0: { keys: 5 } });
  expect(compareKeyspace(recorded, holding({ 0: { keys: 7 } }), { expired: 0, changes: 2 })).toEqual([]);
  expect(compareKeyspace(recorded, holding({ 0: { keys: 2 } }), { expired: 0, changes: 2 })).toHaveLength(1);
});

test('finds the end of an AOF whose base the server counts', () => {
  const before = { written: 1088, buffered: 30, hasBase: true };
  expect(possibleEnds(before, { base: 88, last: 1000, total: 1088 }, 1088)).toEqual([1030]);
  // Something was written between the reports.
  expect(possibleEnds(before, { base: 88, last: 1040, total: 1128 }, 1150)).toEqual([1030]);
});

test('finds the end of an AOF whose base the server does not count', () => {
  const before = { written: 1000, buffered: 0, hasBase: false };
  expect(possibleEnds(before, { base: 88, last: 1000, total: 1088 }, 1000)).toEqual([1000]);
});

test.for([
  [true, [912, 1000]],
  [false, [1000, 912]],
] as const)('puts the likelier end first when the sizes allow two (base counted: %s)', ([hasBase, ends]) => {
  const before = { written: 1000, buffered: 0, hasBase };
  expect(possibleEnds(before, { base: 88, last: 1050, total: 1138 }, 1200)).toEqual(ends);
});
