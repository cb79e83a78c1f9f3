import { expect, test } from 'vitest';
import { compareKeyspace, type KeyValueContents } from '../../../../src/method/valkey/contents.ts';
import { parseManifest } from '../../../../src/method/valkey/aof-set.ts';

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
  expect(compareKeyspace(all, all, 0)).toEqual([]);
});

test('accepts that keys are missing whose time was over', () => {
  const recorded = holding({ 0: { keys: 5, expires: 2 }, 1: { keys: 1, expires: 1 } });
  expect(compareKeyspace(recorded, holding({ 0: { keys: 4, expires: 1 } }), 2)).toEqual([]);
});

test('sees keys that expire and are missing too early', () => {
  const recorded = holding({ 0: { keys: 5, expires: 2 } });
  expect(compareKeyspace(recorded, holding({ 0: { keys: 3 } }), 1)).toEqual([
    '2 keys that expire are missing, and the time of only 1 was over',
  ]);
});

test('sees a database that is missing, one that is extra, and keys in the wrong one', () => {
  const recorded = holding({ 0: { keys: 1 }, 40: { keys: 2 } });
  expect(compareKeyspace(recorded, holding({ 0: { keys: 3 } }), 0)).toEqual([
    'database 0: expected 1 keys that never expire, got 3',
    'database 40: expected 2 keys that never expire, got 0',
  ]);
});

test('sees keys that lost their expiry time', () => {
  const recorded = holding({ 0: { keys: 5, expires: 5 } });
  expect(compareKeyspace(recorded, holding({ 0: { keys: 5 } }), 0)).toContain(
    'database 0: expected 0 keys that never expire, got 5',
  );
});

test('accepts that a hash is missing whose fields expire', () => {
  const recorded = holding({ 0: { keys: 5, volatile: 1 } });
  expect(compareKeyspace(recorded, holding({ 0: { keys: 4 } }), 0)).toEqual([]);
  expect(compareKeyspace(recorded, holding({ 0: { keys: 3 } }), 0)).toHaveLength(1);
});

test('sees libraries of functions that are missing or extra', () => {
  expect(compareKeyspace(holding({}, ['billing']), holding({}, ['audit']), 0)).toEqual([
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
