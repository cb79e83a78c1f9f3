// A swarm file that is damaged, foreign or encrypted for another key is refused, with the reason.
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { createZstdCompress } from 'node:zlib';
import { pack, type Header } from 'tar-stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { surveyDirectory } from '../../../../src/swarm-backup/file/entries.ts';
import type { FileFact, Manifest } from '../../../../src/swarm-backup/file/manifest.ts';
import { readSwarmFile } from '../../../../src/swarm-backup/file/read.ts';
import { type OpeningKey, type SealingKey, sealStream } from '../../../../src/swarm-backup/file/seal.ts';
import { sampleManifest } from '../../../support/swarm-manifest.ts';
import { fileSource, fileTarget } from '../../../../src/swarm-backup/file/target.ts';
import { createSwarmFile, type Written } from '../../../../src/swarm-backup/file/write.ts';

const identity = await generateX25519Identity();
const lock: SealingKey = { recipients: [await identityToRecipient(identity)] };
const key: OpeningKey = { identities: [identity] };
/** With the smallest work factor: deriving a key from a passphrase is slow by design. */
const byPassphrase = { passphrase: 'seven-words-that-are-hard-to-guess', workFactor: 16 };

let home: string;
let path: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'swarm-drill-file-'));
  path = join(home, 'backup.age');
});
afterEach(() => rm(home, { recursive: true }));

type Entry = Pick<Header, 'name'> & Partial<Header> & { readonly text?: string };

const LARGE = 'x'.repeat(300_000);
const entries: readonly Entry[] = [
  { name: 'swarm/', type: 'directory' },
  { name: 'swarm/docker-state.json', text: '{}' },
  { name: 'swarm/certificates', type: 'directory' },
  { name: 'swarm/certificates/swarm-node.crt', text: 'certificate' },
  { name: 'swarm/certificates/swarm-node.key', text: 'a secret key' },
  { name: 'swarm/certificates/swarm-root-ca.crt', text: 'root' },
  { name: 'swarm/raft/wal-v3-encrypted/0.wal', text: LARGE },
  { name: 'swarm/raft/snap-v3-encrypted/empty', text: '' },
];

function tarOf(list: readonly Entry[]): Readable {
  const tar = pack();
  for (const { text = '', ...header } of list) tar.entry({ mode: 0o600, ...header }, text);
  tar.finalize();
  return Readable.from(tar);
}

const manifestOf = async (list: readonly Entry[]): Promise<Manifest> => ({
  ...sampleManifest,
  files: [...(await surveyDirectory(tarOf(list))).files],
});

async function writeSwarmFile(manifest: Manifest, tar: Readable, by: SealingKey): Promise<Written> {
  const target = fileTarget(path);
  await using file = await createSwarmFile(target, by);
  const result = await file.write(manifest, tar);
  await target.publish();
  return result;
}

async function written(list: readonly Entry[] = entries, by: SealingKey = lock): Promise<Manifest> {
  const manifest = await manifestOf(list);
  await writeSwarmFile(manifest, tarOf(list), by);
  return manifest;
}

/** What an attacker who knows the recipient could write. */
async function forged(list: readonly Entry[], manifest: unknown): Promise<void> {
  const tar = tarOf([{ name: 'manifest.json', text: JSON.stringify(manifest) }, ...list]);
  const { sealed } = await sealStream(tar.pipe(createZstdCompress()), lock);
  await pipeline(sealed, createWriteStream(path));
}

const refusal = (error: unknown): { code: string; blame: string } => error as { code: string; blame: string };
const refused = (code: string): unknown => expect.objectContaining({ code, blame: 'finding' });

test('reads what was written: manifest, and content, owner, mode and time of every file', async () => {
  const list = [
    ...entries,
    { name: 'swarm/worker/tasks.db', text: 'db', mode: 0o644, uid: 7, gid: 8, mtime: new Date(1e12) },
  ];
  const manifest = await written(list);
  const contents: [FileFact, string][] = [];
  const read = await readSwarmFile(fileSource(path), key, async (fact, content) => {
    contents.push([fact, (await buffer(content)).toString()]);
  });
  expect(read).toEqual(manifest);
  expect(contents.map(([, text]) => text)).toEqual(list.map(({ text = '' }) => text));
  expect(contents.at(-1)?.[0]).toEqual({
    path: 'swarm/worker/tasks.db',
    type: 'file',
    mode: 0o644,
    uid: 7,
    gid: 8,
    mtime: 1e9,
    size: 2,
    sha256: createHash('sha256').update('db').digest('hex'),
  });
});

test('returns a key that decrypts the file, without storing it there', async () => {
  const manifest = await manifestOf(entries);
  const result = await writeSwarmFile(manifest, tarOf(entries), lock);
  expect(await readSwarmFile(fileSource(path), result.key)).toEqual(manifest);
  const bytes = await readFile(path);
  expect(bytes.toString('latin1').match(/^-> .*/gm)).toEqual([expect.stringMatching(/^-> X25519 /)]);
  expect(result).toMatchObject({
    bytes: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
  });
});

test('hides everything it contains', async () => {
  await written();
  const bytes = (await readFile(path)).toString('latin1');
  for (const text of ['a secret key', 'swarm-node', 'manifest', sampleManifest.cluster.id])
    expect(bytes).not.toContain(text);
});

test('decrypts with the passphrase', async () => {
  const manifest = await written(entries, byPassphrase);
  expect(await readSwarmFile(fileSource(path), byPassphrase)).toEqual(manifest);
});

test.for<{ by: SealingKey; title: string; logN: string }>([
  { title: 'by default', by: { passphrase: 'any' }, logN: '18' },
  { title: 'with a work factor', by: { passphrase: 'any', workFactor: 16 }, logN: '16' },
])('records the cost of guessing the passphrase $title: 2^$logN', async ({ by, logN }) => {
  await written(entries, by);
  const [, factor] = /^-> scrypt \S+ (\d+)$/m.exec((await readFile(path)).toString('latin1')) ?? [];
  expect(factor).toBe(logN);
});

test('refuses a work factor that is too small', async () => {
  await expect(written(entries, { passphrase: 'any', workFactor: 15 })).rejects.toMatchObject({
    blame: 'usage',
    message: 'the work factor of a passphrase: expected at least 16, got 15',
  });
});

test.each<[string, SealingKey, OpeningKey | (() => Promise<OpeningKey>), string]>([
  [
    'another identity',
    lock,
    async () => ({ identities: [await generateX25519Identity()] }),
    'does not decrypt',
  ],
  ['another passphrase', byPassphrase, { passphrase: 'another' }, 'does not decrypt'],
  ['a passphrase for recipients', lock, byPassphrase, 'is encrypted for recipients'],
  ['an identity for a passphrase', byPassphrase, key, 'is encrypted with a passphrase'],
])('refuses %s as the wrong key', async (_, sealedFor, other, reason) => {
  await written(entries, sealedFor);
  const wrong = typeof other === 'function' ? await other() : other;
  const error = await readSwarmFile(fileSource(path), wrong).catch(refusal);
  expect(error).toMatchObject({
    code: 'wrong-key',
    blame: 'finding',
    message: expect.stringContaining(reason),
  });
});

test('detects a flipped bit after the header', async () => {
  await written();
  const whole = await readFile(path);
  const head = whole.indexOf('\n---') + 50;
  for (let turn = 0; turn < 40; turn++) {
    const at = head + Math.floor(((whole.length - head - 1) * turn) / 39);
    const bytes = Buffer.from(whole);
    bytes[at] = (bytes[at] as number) ^ (1 << (turn % 8));
    await writeFile(path, bytes);
    await expect(readSwarmFile(fileSource(path), key), `byte ${at}`).rejects.toEqual(refused('file-damaged'));
  }
});

test('detects a flipped bit in the header', async () => {
  await written();
  const whole = await readFile(path);
  const head = whole.indexOf('\n---') + 40;
  for (let at = 0; at < head; at += 3) {
    const bytes = Buffer.from(whole);
    bytes[at] = (bytes[at] as number) ^ 1;
    await writeFile(path, bytes);
    await expect(readSwarmFile(fileSource(path), key), `byte ${at}`).rejects.toMatchObject({
      blame: 'finding',
    });
  }
});

test('detects a missing end, wherever the file was cut', async () => {
  await written();
  const { length } = await readFile(path);
  for (const left of [length - 1, length - 17, Math.floor(length / 2), 300, 150, 10, 0]) {
    await truncate(path, left);
    await expect(readSwarmFile(fileSource(path), key), `${left} bytes`).rejects.toMatchObject({
      blame: 'finding',
      code: expect.stringMatching(/^(file-damaged|not-a-swarm-file)$/),
    });
  }
});

test('detects data after the end', async () => {
  await written();
  await writeFile(path, 'more', { flag: 'a' });
  await expect(readSwarmFile(fileSource(path), key)).rejects.toEqual(refused('file-damaged'));
});

test.each<[string, Buffer | string]>([
  ['a text', 'not a backup\n'],
  ['an empty file', ''],
  ['an armoured file', '-----BEGIN AGE ENCRYPTED FILE-----\nYWdl\n-----END AGE ENCRYPTED FILE-----\n'],
  ['a file of zeros', Buffer.alloc(100_000)],
])('refuses %s as not a swarm file', async (_, content) => {
  await writeFile(path, content);
  await expect(readSwarmFile(fileSource(path), key)).rejects.toEqual(refused('not-a-swarm-file'));
});

const without = (name: string) => entries.filter((entry) => entry.name !== name);

test.each<[string, readonly Entry[], string]>([
  ['a missing file', without('swarm/raft/wal-v3-encrypted/0.wal'), 'file-damaged'],
  ['a missing last file', entries.slice(0, -1), 'file-damaged'],
  ['a file that the manifest does not list', [...entries, { name: 'swarm/more', text: 'x' }], 'file-damaged'],
  ['a file that occurs twice', [...entries, { name: 'swarm/docker-state.json', text: '{}' }], 'file-damaged'],
  [
    'other content of the same size',
    entries.map((entry) => (entry.text === 'root' ? { ...entry, text: 'toor' } : entry)),
    'file-damaged',
  ],
  [
    'another size',
    entries.map((entry) => (entry.text === 'root' ? { ...entry, text: 'roo' } : entry)),
    'file-damaged',
  ],
  [
    'a link instead of a file',
    entries.map(({ text, ...entry }) =>
      text === 'root'
        ? { ...entry, type: 'symlink' as const, linkname: '/etc/shadow' }
        : { ...entry, ...(text === undefined ? {} : { text }) },
    ),
    'file-damaged',
  ],
])('detects %s', async (_, list, code) => {
  await forged(list, await manifestOf(entries));
  await expect(readSwarmFile(fileSource(path), key)).rejects.toEqual(refused(code));
});

test.each([
  '../escaped',
  'swarm/../../escaped',
  '/etc/cron.d/escaped',
  'swarm//x',
  'swarm/./x',
  'other/x',
  'swarm/x\0y',
])('refuses the path %s in the manifest and in the tar', async (name) => {
  const manifest = await manifestOf(entries);
  const fact = { ...(manifest.files[1] as FileFact), path: name };
  await forged([...entries, { name, text: '{}' }], { ...manifest, files: [...manifest.files, fact] });
  await expect(readSwarmFile(fileSource(path), key)).rejects.toEqual(refused('not-a-swarm-file'));
  await forged([...entries, { name, text: '{}' }], manifest);
  await expect(readSwarmFile(fileSource(path), key)).rejects.toEqual(refused('file-damaged'));
});

test.each([
  'swarm/certificates/swarm-node.crt',
  'swarm/certificates/swarm-node.key',
  'swarm/docker-state.json',
  'swarm/raft/wal-v3-encrypted/0.wal',
])('refuses a copy without %s as incomplete', async (name) => {
  await written(without(name));
  const error = await readSwarmFile(fileSource(path), key).catch(refusal);
  expect(error).toMatchObject({
    code: 'incomplete',
    blame: 'finding',
    message: expect.stringContaining(`${name.replace('/0.wal', '/*.wal')} missing`),
    hint: expect.stringContaining('another backup'),
  });
});

test.each<[string, object, string]>([
  ['of a newer version', { version: 2 }, 'reads version 1'],
  ['of something else', { format: 'another' }, 'swarm-drill swarm backup'],
  ['without the cluster', { cluster: undefined }, 'swarm-drill swarm backup'],
  ['without files', { files: [] }, 'swarm-drill swarm backup'],
])('refuses a manifest %s with a hint', async (_, change, hint) => {
  await forged(entries, { ...(await manifestOf(entries)), ...change });
  const error = await readSwarmFile(fileSource(path), key).catch(refusal);
  expect(error).toMatchObject({ code: 'not-a-swarm-file', hint: expect.stringContaining(hint) });
});

test('refuses a directory that changes while it is copied', async () => {
  const manifest = await manifestOf(entries);
  const changed = entries.map((entry) =>
    entry.text === LARGE ? { ...entry, text: LARGE.replace('x', 'y') } : entry,
  );
  await expect(writeSwarmFile(manifest, tarOf(changed), lock)).rejects.toEqual(refused('changed-while-read'));
});

test('never overwrites an existing file', async () => {
  const target = fileTarget(path);
  const part = target.part ?? '';
  await writeFile(part, 'precious');
  await expect(createSwarmFile(target, lock)).rejects.toMatchObject({ code: 'EEXIST' });
  expect(await readFile(part, 'utf8')).toBe('precious');
});

test('needs little memory for a large file', async () => {
  const block = Buffer.alloc(1024 * 1024);
  const size = 256 * block.length;
  const big = (): Readable => {
    const tar = pack();
    for (const { text = '', ...header } of entries) tar.entry({ mode: 0o600, ...header }, text);
    const entry = tar.entry({ name: 'swarm/raft/wal-v3-encrypted/1.wal', size, mode: 0o600 });
    void pipeline(
      Readable.from(
        (function* () {
          for (let at = 0; at < size; at += block.length) yield block;
        })(),
      ),
      entry,
    ).then(() => tar.finalize());
    return Readable.from(tar);
  };
  const manifest = { ...sampleManifest, files: [...(await surveyDirectory(big())).files] };
  // Not the process's resident memory: another thread runs other tests.
  const used = (): number => {
    const { arrayBuffers, heapUsed } = process.memoryUsage();
    return arrayBuffers + heapUsed;
  };
  const before = used();
  let most = 0;
  const timer = setInterval(() => (most = Math.max(most, used())), 20);
  await writeSwarmFile(manifest, big(), lock);
  await readSwarmFile(fileSource(path), key);
  clearInterval(timer);
  expect(most).toBeGreaterThan(0);
  expect(most - before).toBeLessThan(size / 2);
});
