// Packs and unpacks a directory unchanged, and never writes anywhere else.
import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { pack, type Header } from 'tar-stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findOpenFileHolders } from '../../../../src/swarm-backup/engine/open-files.ts';
import { packTree, unpackTree } from '../../../../src/swarm-backup/engine/tree.ts';

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'swarm-drill-tree-'));
});
afterEach(() => rm(home, { recursive: true }));

const tarOf = (...headers: readonly (Header | { name: string })[]): Readable => {
  const tar = pack();
  for (const header of headers) tar.entry(header, 'type' in header && header.type !== 'file' ? '' : 'text');
  tar.finalize();
  return Readable.from(tar);
};

const listing = async (directory: string): Promise<unknown> =>
  Promise.all(
    ['.', ...(await readdir(directory, { recursive: true })).sort()].map(async (name) => {
      const found = await stat(join(directory, name));
      const { mode, uid, gid, size, mtimeMs } = found;
      return { name, mode, uid, gid, seconds: Math.floor(mtimeMs / 1000), size: found.isFile() ? size : 0 };
    }),
  );

test('keeps content, modes, owners and times of files and directories, also empty ones', async () => {
  const from = join(home, 'swarm');
  await mkdir(join(from, 'raft/empty'), { recursive: true });
  await writeFile(join(from, 'raft/large.wal'), Buffer.alloc(3_000_000, 'swarm'));
  await writeFile(join(from, 'key'), 'secret', { mode: 0o600 });
  await writeFile(join(from, 'nothing'), '');
  await chmod(join(from, 'raft'), 0o710);
  for (const path of ['raft/empty', 'raft/large.wal', 'raft', '.']) await utimes(join(from, path), 1e9, 1e9);
  const to = join(home, 'to');
  await mkdir(to);
  await unpackTree(to, 'swarm', packTree(home, 'swarm'));
  expect(await listing(join(to, 'swarm'))).toEqual(await listing(from));
  await promisify(execFile)('diff', ['--recursive', from, join(to, 'swarm')]);
});

test('refuses a link in the directory', async () => {
  await mkdir(join(home, 'swarm'));
  await symlink('/etc/hostname', join(home, 'swarm/link'));
  const tar = packTree(home, 'swarm').resume();
  const error = await new Promise((done) => tar.once('error', done).once('end', done));
  expect(error).toMatchObject({ code: 'odd-entry', blame: 'finding' });
});

test.each(['../escaped', 'swarm/../../escaped', '/escaped', 'elsewhere/x'])(
  'writes no entry called %s',
  async (name) => {
    const to = join(home, 'a/b');
    await mkdir(to, { recursive: true });
    await expect(unpackTree(to, 'swarm', tarOf({ name }))).rejects.toThrow('is not a path below swarm');
    expect(await readdir(home, { recursive: true })).toEqual(['a', 'a/b']);
  },
);

test('overwrites nothing and follows no link', async () => {
  await mkdir(join(home, 'outside'));
  await symlink(join(home, 'outside'), join(home, 'swarm'));
  const into = tarOf({ name: 'swarm', type: 'directory' }, { name: 'swarm/x' });
  await expect(unpackTree(home, 'swarm', into)).rejects.toMatchObject({ code: 'EEXIST' });
  expect(await readdir(join(home, 'outside'))).toEqual([]);
});

test('fails when the tar ends early', async () => {
  const tar = pack();
  tar.entry({ name: 'swarm', type: 'directory' });
  const entry = tar.entry({ name: 'swarm/x', size: 1000 });
  entry.on('error', () => undefined);
  entry.write('the beginning');
  const broken = Readable.from(tar);
  setTimeout(() => broken.destroy(new Error('cut')), 50);
  await expect(unpackTree(home, 'swarm', broken)).rejects.toThrow('cut');
});

test('names a process that has a file of the directory open', async () => {
  await writeFile(join(home, 'wal'), 'log');
  expect(await findOpenFileHolders(home)).toEqual([]);
  const child = execFile('sh', ['-c', 'exec 3<"$1"; echo ready; read line', 'sh', join(home, 'wal')]);
  await new Promise((done) => child.stdout?.once('data', done));
  expect(await findOpenFileHolders(home)).toEqual([`sh (${child.pid})`]);
  child.stdin?.end();
  await new Promise((done) => child.once('close', done));
  expect(await findOpenFileHolders(home)).toEqual([]);
});
