// Lists of files made up by hand: what belongs to which aspect, and two lists walked side by side.
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { FILE_ASPECTS, type Aspect } from '../../../../src/model/aspect.ts';
import { firstResponseId, namesOwnWrite } from '../../../../src/model/own-writes.ts';
import { compareFiles } from '../../../../src/check/files/compare-files.ts';
import { isBefore, nameOf, type Entry } from '../../../../src/check/files/entry.ts';
import { entriesOf, FileManifest } from '../../../../src/check/files/manifest.ts';

const file = (path: string, more: Partial<Entry> = {}): Entry => ({
  path,
  type: '-',
  mode: '0644',
  owner: '0:0',
  mtime: '1500000000.000000000',
  size: 5,
  sha256: 'aa',
  ...more,
});
const other = (type: string, path: string, more: Partial<Entry> = {}): Entry => {
  const { size: _, sha256: __, ...entry } = file(path, { type, ...more });
  return entry;
};
const directory = (path: string, more: Partial<Entry> = {}): Entry =>
  other('d', path, { mode: '0755', ...more });
const link = (path: string, target: string): Entry => other('l', path, { mode: '0777', target });
const root = directory('.');

async function* list(...entries: readonly Entry[]): AsyncGenerator<Entry> {
  yield* entries;
}
const compare = (was: readonly Entry[], is: readonly Entry[], loses: readonly Aspect[] = []) =>
  compareFiles(list(root, ...was), list(root, ...is), { loses });
async function all(entries: AsyncIterable<Entry>): Promise<Entry[]> {
  const found: Entry[] = [];
  for await (const entry of entries) found.push(entry);
  return found;
}

/** Lines as manifest.py writes them: ASCII only. */
const text = (...entries: readonly Entry[]): string =>
  [...entries, { entries: entries.length, excluded: {} }]
    .map((line) => `${JSON.stringify(line)}\n`)
    .join('')
    .replaceAll(/[\u0080-\u00ff]/g, (byte) => `\\u00${byte.charCodeAt(0).toString(16)}`);
async function* inPieces(of: string, bytes = 7): AsyncGenerator<Buffer> {
  for (let at = 0; at < of.length; at += bytes) yield Buffer.from(of.slice(at, at + bytes));
}

describe('a difference belongs to one aspect', () => {
  const attributes = { 'user.comment': 'c1', 'system.posix_acl_access': 'a1' };
  const rows: readonly [Aspect, Entry, Entry, string][] = [
    [
      'content',
      file('f'),
      file('f', { size: 6, sha256: 'bb' }),
      'content was 5 bytes with SHA-256 aa, is 6 bytes with SHA-256 bb',
    ],
    ['content', file('f'), directory('f', { mode: '0644' }), 'was a file, is a directory'],
    [
      'devices',
      other('c', 'f', { device: '1:3' }),
      other('c', 'f', { device: '1:5' }),
      'device was 1:3, is 1:5',
    ],
    [
      'devices',
      other('b', 'f', { device: '1:3' }),
      other('c', 'f', { device: '1:3' }),
      'was a block device, is a character device',
    ],
    ['FIFOs', other('p', 'f'), file('f'), 'was a FIFO, is a file'],
    ['sockets', other('s', 'f'), file('f'), 'was a socket, is a file'],
    ['file flags', file('f', { flags: 'id' }), file('f', { flags: 'i' }), 'flags was d, is none'],
    ['immutable files', file('f', { flags: 'id' }), file('f', { flags: 'd' }), 'protection was i, is none'],
    ['owner', file('f'), file('f', { owner: '7:7' }), 'owner was 0:0, is 7:7'],
    ['mode', file('f', { mode: '4755' }), file('f', { mode: '4750' }), 'mode was 0755, is 0750'],
    [
      'set-uid bits',
      file('f', { mode: '4755' }),
      file('f', { mode: '0755' }),
      'set-uid mode was 4000, is 0000',
    ],
    [
      'set-uid bits',
      file('f', { mode: '0777' }),
      file('f', { mode: '1777' }),
      'set-uid mode was 0000, is 1000',
    ],
    [
      'mtime',
      file('f', { mtime: '1500000000.123456789' }),
      file('f', { mtime: '1600000000.123456789' }),
      'mtime was 2017-07-14T02:40:00.123456789Z, is 2020-09-13T12:26:40.123456789Z',
    ],
    [
      'mtime below a second',
      file('f', { mtime: '1500000000.123456789' }),
      file('f', { mtime: '1500000000.123456788' }),
      'mtime was 2017-07-14T02:40:00.123456789Z, is 2017-07-14T02:40:00.123456788Z',
    ],
    [
      'mtime below a second',
      file('f', { mtime: '-2.700000000' }),
      file('f', { mtime: '-1.000000000' }),
      'mtime was 1969-12-31T23:59:58.700000000Z, is 1969-12-31T23:59:59.000000000Z',
    ],
    [
      'mtime before 1970',
      file('f', { mtime: '-86400.000000000' }),
      file('f', { mtime: '0.000000000' }),
      'mtime was 1969-12-31T00:00:00.000000000Z, is 1970-01-01T00:00:00.000000000Z',
    ],
    [
      'mtime after 2038',
      file('f', { mtime: '4102444800.000000000' }),
      file('f', { mtime: '2147483647.000000000' }),
      'mtime was 2100-01-01T00:00:00.000000000Z, is 2038-01-19T03:14:07.000000000Z',
    ],
    [
      'mtime after 2262',
      file('f', { mtime: '10413792000.000000000' }),
      file('f', { mtime: '0.000000000' }),
      'mtime was 2300-01-01T00:00:00.000000000Z, is 1970-01-01T00:00:00.000000000Z',
    ],
    ['symbolic links', link('f', 'here'), link('f', 'there'), 'target was here, is there'],
    ['symbolic links', link('f', 'here'), file('f'), 'was a symbolic link, is a file'],
    ['hard links', file('f', { links: 2, first: 'a' }), file('f'), 'number of names was 2 (first a), is 1'],
    [
      'hard links',
      file('f', { links: 2, first: 'a' }),
      file('f', { links: 2, first: 'b' }),
      'number of names was 2 (first a), is 2 (first b)',
    ],
    [
      'extended attributes',
      file('f', { attributes }),
      file('f', { attributes: { 'system.posix_acl_access': 'a1' } }),
      'attributes was user.comment (c1), is none',
    ],
    [
      'ACLs',
      file('f', { attributes }),
      file('f', { attributes: { ...attributes, 'system.posix_acl_access': 'a2' } }),
      'ACL was system.posix_acl_access (a1), is system.posix_acl_access (a2)',
    ],
    [
      'file capabilities',
      file('f', { attributes: { 'security.capability': 'c1' } }),
      file('f'),
      'capability was security.capability (c1), is none',
    ],
    ['sparse files', file('f', { sparse: true }), file('f'), 'sparse was true, is false'],
    ['root directory', root, directory('.', { owner: '1:1', mtime: '5.000000000' }), ''],
  ];

  test.for(rows)('%s: %j', async ([aspect, was, is, sentence]) => {
    const { aspects, differences, mismatched } = await compareFiles(list(was), list(is));
    expect(aspects.filter((seen) => seen.mismatched > 0)).toEqual([{ aspect, compared: 1, mismatched: 1 }]);
    expect(mismatched).toBe(1);
    if (sentence) expect(differences).toEqual([`f: ${sentence}`]);
  });

  test('every aspect of files has such a row', () => {
    expect(new Set(rows.map(([aspect]) => aspect))).toEqual(new Set(FILE_ASPECTS));
  });

  test.for(rows)('said to be lost, it is counted and no difference: %s', async ([aspect, was, is]) => {
    const { aspects, differences, mismatched } = await compareFiles(list(was), list(is), { loses: [aspect] });
    expect({ differences, mismatched }).toEqual({ differences: [], mismatched: 0 });
    expect(aspects).toContainEqual({ aspect, compared: 1, mismatched: 1 });
  });
});

describe('entries that are there on both sides', () => {
  test('lists an aspect that was restored, and not one that no entry has', async () => {
    const { aspects } = await compare([file('f'), link('l', 'f')], [file('f'), link('l', 'f')]);
    expect(aspects).toEqual([
      { aspect: 'content', compared: 1, mismatched: 0 },
      { aspect: 'owner', compared: 2, mismatched: 0 },
      { aspect: 'mode', compared: 1, mismatched: 0 },
      { aspect: 'mtime', compared: 2, mismatched: 0 },
      { aspect: 'symbolic links', compared: 1, mismatched: 0 },
      { aspect: 'root directory', compared: 1, mismatched: 0 },
    ]);
  });

  test('counts a new entry as a difference', async () => {
    const { differences } = await compare([file('f')], [file('f', { attributes: { 'user.new': 'n1' } })]);
    expect(differences).toEqual(['f: attributes was none, is user.new (n1)']);
  });

  test('omits differences declared as lost from the sentence only', async () => {
    const [was, is] = [file('f', { sparse: true }), file('f', { owner: '7:7' })];
    const { aspects, differences } = await compare([was], [is], ['sparse files']);
    expect(differences).toEqual(['f: owner was 0:0, is 7:7']);
    expect(aspects).toContainEqual({ aspect: 'sparse files', compared: 1, mismatched: 1 });
  });

  test('a time that is all wrong says nothing about its fraction', async () => {
    const { aspects } = await compare(
      [file('f', { mtime: '1.500000000' })],
      [file('f', { mtime: '9.000000000' })],
    );
    expect(aspects.map(({ aspect }) => aspect)).not.toContain('mtime below a second');
  });

  test('that the root directory has whole seconds is the same loss as anywhere', async () => {
    const [was, is] = [directory('.', { mtime: '1.500000000' }), directory('.', { mtime: '1.000000000' })];
    const { aspects } = await compareFiles(list(was), list(is));
    expect(aspects).toEqual([
      { aspect: 'mtime below a second', compared: 1, mismatched: 1 },
      { aspect: 'root directory', compared: 1, mismatched: 0 },
    ]);
  });
});

describe('entries that are there on one side', () => {
  test('at the begin, in the middle and at the end', async () => {
    const five = ['a', 'b', 'c', 'd', 'e'].map((path) => file(path));
    const [a, b, c, d, e] = five as [Entry, Entry, Entry, Entry, Entry];
    expect(await compare(five, [b, d])).toMatchObject({
      compared: 6,
      mismatched: 3,
      differences: ['a is missing', 'c is missing', 'e is missing'],
    });
    expect(await compare([b, d], five)).toMatchObject({
      compared: 3,
      mismatched: 3,
      differences: ['a was not there before', 'c was not there before', 'e was not there before'],
    });
    expect(await compare([a, c, e], [b, d])).toMatchObject({ mismatched: 5 });
  });

  test('a directory with all that is in it is one sentence, and every entry counts', async () => {
    const inside = Array.from({ length: 5000 }, (_, index) => file(`many/${String(index).padStart(4, '0')}`));
    const many = [directory('many'), ...inside];
    const found = await compare([...many, file('many.txt')], [file('many.txt', { owner: '7:7' })]);
    expect(found).toMatchObject({
      compared: 5003,
      mismatched: 5002,
      differences: ['many is missing, with 5000 entries in it', 'many.txt: owner was 0:0, is 7:7'],
    });
    expect(found.aspects).toContainEqual({ aspect: 'content', compared: 5002, mismatched: 5001 });
    expect((await compare([], many)).differences).toEqual([
      'many was not there before, with 5000 entries in it',
    ]);
  });

  test('lists the first of very many differences, and counts all', async () => {
    const files = Array.from({ length: 5000 }, (_, index) => file(String(index).padStart(4, '0')));
    const found = await compare(files, []);
    expect(found.mismatched).toBe(5000);
    expect(found.differences).toHaveLength(1000);
    expect(found.differences.at(-1)).toBe('0999 is missing');
  });

  test('a missing link belongs to symbolic links, which may be said to be lost', async () => {
    const { aspects, differences } = await compare([link('l', 'f')], [], ['symbolic links']);
    expect(differences).toEqual([]);
    expect(aspects).toContainEqual({ aspect: 'symbolic links', compared: 1, mismatched: 1 });
  });
});

describe('the worst differences come first', () => {
  test('missing, then new, then other content, then other metadata', async () => {
    const was = [file('a'), file('b'), link('d', 'a'), file('e')];
    const is = [file('a', { mode: '0600' }), file('b', { sha256: 'bb' }), file('c'), link('d', 'b')];
    expect((await compare(was, is)).differences).toEqual([
      'e is missing',
      'c was not there before',
      'b: content was 5 bytes with SHA-256 aa, is 5 bytes with SHA-256 bb',
      'd: target was a, is b',
      'a: mode was 0644, is 0600',
    ]);
  });

  test('also within a sentence: the time of a file that changed is the last', async () => {
    const { differences } = await compare(
      [file('f')],
      [file('f', { sha256: 'bb', owner: '7:7', mtime: '5.000000000' })],
    );
    expect(differences[0]).toMatch(/^f: content was .*; owner was 0:0, is 7:7; mtime was /);
  });

  test('a missing file at the end of a thousand other times is the first', async () => {
    const names = Array.from({ length: 2000 }, (_, index) => String(index).padStart(4, '0'));
    const was = names.map((name) => file(name));
    const is = names.slice(0, -1).map((name) => file(name, { mtime: '5.000000000' }));
    const { differences, mismatched } = await compare(was, is);
    expect(differences[0]).toBe('1999 is missing');
    expect(differences).toHaveLength(1000);
    expect(mismatched).toBe(2000);
  });
});

describe('writes of swarm-drill itself', () => {
  const own = file('notes/first-response-1795690025259-1');
  const notes = (mtime: string): Entry => directory('notes', { mtime });

  test('do not count as differences, nor does the time of their directory', async () => {
    const [was, is] = [notes('1.000000000'), notes('2.000000000')];
    expect(await compare([was, file('notes/a')], [is, file('notes/a'), own])).toMatchObject({
      compared: 3,
      mismatched: 0,
      ownWrites: 1,
    });
  });

  test('in the root leave its owner and mode compared', async () => {
    const write = file('first-response-1795690025259-2.txt');
    const later = directory('.', { mtime: '1600000000.000000000' });
    expect(await compareFiles(list(root), list(later, write))).toMatchObject({ mismatched: 0, ownWrites: 1 });
    const other = directory('.', { mtime: '1600000000.000000000', owner: '7:7' });
    expect((await compareFiles(list(root), list(other, write))).differences).toEqual([
      '.: owner was 0:0, is 7:7',
    ]);
  });

  test('excuse no other directory, and no file with another name', async () => {
    const was = [notes('1.000000000'), directory('other', { mtime: '1.000000000' })];
    const is = [
      notes('2.000000000'),
      own,
      file('notes/late-1'),
      directory('other', { mtime: '2.000000000' }),
    ];
    const { differences, ownWrites } = await compare(was, is);
    expect(ownWrites).toBe(1);
    expect(differences).toEqual([
      'notes/late-1 was not there before',
      'other: mtime was 1970-01-01T00:00:01.000000000Z, is 1970-01-01T00:00:02.000000000Z',
    ]);
  });

  test('are recognized by the id that the drill writes', () => {
    expect(namesOwnWrite(`${firstResponseId(3)}.json`)).toBe(true);
    expect(namesOwnWrite('first-response')).toBe(false);
  });

  test('that were there before and are missing now are a difference', async () => {
    expect(await compare([notes('1.000000000'), own], [notes('1.000000000')])).toMatchObject({
      mismatched: 1,
    });
  });
});

describe('names', () => {
  const bytes = (name: string): string => Buffer.from(name).toString('latin1');

  test('are in the order of their bytes, a directory before its entries', () => {
    const inOrder = ['.', '!', 'a', 'a/b', 'a/b/c', 'a!', 'a.b', 'ab', '\u{ff5e}', '\u{1f600}'].map((name) =>
      file(bytes(name)),
    );
    for (const [index, entry] of inOrder.entries())
      expect(inOrder.map((one) => isBefore(entry, one))).toEqual(inOrder.map((_, at) => index < at));
  });

  test('are shown as text, and escaped where that would mislead', () => {
    const shown = ['größe-日本.txt', '\'quotes"', 'back\\slash', 'new\nline', '\u001b[31mred'].map((name) =>
      nameOf(bytes(name)),
    );
    expect(shown).toEqual(['größe-日本.txt', '\'quotes"', 'back\\slash', '"new\\nline"', '"\\u001b[31mred"']);
    expect(nameOf('not-utf8-\u00ff\u00fe')).toBe('not-utf8-\\xff\\xfe');
  });

  test('that are odd are matched and shown', async () => {
    const odd = ['\n', 'not-utf8-\u00ff', bytes('größe'), bytes('\u{1f600}')].map((path) => file(path));
    expect(await compare(odd, odd)).toMatchObject({ compared: 5, mismatched: 0 });
    const { differences } = await compare(odd, odd.slice(0, 1));
    expect(differences).toEqual(['not-utf8-\\xff is missing', 'größe is missing', '\u{1f600} is missing']);
  });
});

describe('lines', () => {
  const entries = [root, file('f', { mtime: '9007199254740993.000000001' }), file('not-utf8-\u00ff\n')];
  const read = async (lines: string, bytes?: number): Promise<Entry[]> =>
    all(entriesOf(inPieces(lines, bytes)));

  test('come whole however they are cut in pieces', async () => {
    for (const bytes of [1, 7, 100_000]) expect(await read(text(...entries), bytes)).toEqual(entries);
  });

  test('end with what was left out', async () => {
    const last = '{"entries":0,"excluded":{"uploads/probes":11}}\n';
    const end = await entriesOf(inPieces(last)).next();
    expect(end).toEqual({ done: true, value: [{ what: 'uploads/probes', count: 11 }] });
  });

  test.for([
    ['without the last one', (whole: string) => whole.slice(0, whole.lastIndexOf('{'))],
    ['cut in the middle', (whole: string) => whole.slice(0, whole.length / 2)],
    ['with one missing', (whole: string) => whole.slice(whole.indexOf('\n') + 1)],
    ['not there at all', () => ''],
  ] as const)('%s are not a manifest', async ([, harm]) => {
    const lines = harm(text(...entries));
    await expect(read(lines)).rejects.toMatchObject({ code: 'manifest' });
    await expect(compareFiles(list(...entries), entriesOf(inPieces(lines)))).rejects.toMatchObject({
      code: 'manifest',
    });
  });
});

describe('a manifest', () => {
  let home: string;
  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'swarm-drill-test-'));
    vi.stubEnv('TMPDIR', home);
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    await rm(home, { recursive: true });
  });
  const keep = (...entries: readonly Entry[]) => FileManifest.keep(inPieces(text(...entries)));

  test('can be read repeatedly, and leaves no file in a directory', async () => {
    const manifest = await keep(root, file('f'));
    expect(await readdir(home)).toEqual([]);
    expect(manifest.entries).toBe(2);
    for (let turn = 0; turn < 2; turn++) expect(await all(manifest)).toEqual([root, file('f')]);
    const [one, two] = await Promise.all([all(manifest), all(manifest)]);
    expect(one).toEqual(two);
  });

  test('equals another by what it says', async () => {
    expect(await keep(root, file('f'))).toEqual(await keep(root, file('f')));
    expect(await keep(root, file('f'))).not.toEqual(await keep(root, file('g')));
  });

  test('is not made of lines that are cut', async () => {
    const lines = text(root, file('f'));
    await expect(FileManifest.keep(inPieces(lines.slice(0, -3)))).rejects.toMatchObject({ code: 'manifest' });
  });
});

test('memory is the same however many files there are: lines of 40 MB in a heap of 24 MB', async () => {
  const program = `
    const { workerData: { manifest, compare }, parentPort } = require('node:worker_threads');
    const line = (index) => '{"path":"many/' + String(index).padStart(7, '0') + '","type":"-","mode":"0644","owner":"0:0","mtime":"1500000000.123456789","size":5,"sha256":"' + 'a'.repeat(64) + '"}\\n';
    async function* lines(count) {
      for (let from = 0; from < count; from += 500)
        yield Buffer.from(Array.from({ length: 500 }, (_, index) => line(from + index)).join(''));
      yield Buffer.from('{"entries":' + count + ',"excluded":{}}\\n');
    }
    (async () => {
      const [{ FileManifest, entriesOf }, { compareFiles }] = await Promise.all([import(manifest), import(compare)]);
      const baseline = await FileManifest.keep(lines(200000));
      const { compared, mismatched } = await compareFiles(baseline, entriesOf(lines(199000)));
      parentPort.postMessage({ compared, mismatched });
    })();`;
  const worker = new Worker(program, {
    eval: true,
    workerData: {
      manifest: new URL('../../../../src/check/files/manifest.ts', import.meta.url).href,
      compare: new URL('../../../../src/check/files/compare-files.ts', import.meta.url).href,
    },
    resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 8 },
  });
  const found = await new Promise((done, fail) => worker.once('message', done).once('error', fail));
  expect(found).toEqual({ compared: 200_000, mismatched: 1000 });
}, 60_000);
