// Packs a directory of this host into a tar and unpacks it, with owners, modes and times, synced to the disk.
import { constants } from 'node:fs';
import { chmod, lchown, lstat, mkdir, open, readdir, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { pack, type Header, type Pack } from 'tar-stream';
import { finding } from '../../support/errors.ts';
import { syncDirectory } from '../../support/write-file.ts';
import { type Content, eachEntry } from '../file/entries.ts';
import { isPathBelow } from '../file/manifest.ts';

/** Files are opened without following links: the manifest must list what is really in the directory. */
const READ = constants.O_RDONLY | constants.O_NOFOLLOW;

/** Packs the directory `name` of `root`, as entries `name/…` in sorted order. */
export function packTree(root: string, name: string): Readable {
  const packed = pack();
  addTree(packed, root, name).then(
    () => packed.finalize(),
    (error: unknown) => packed.destroy(error as Error),
  );
  return Readable.from(packed);
}

async function addTree(packed: Pack, root: string, path: string): Promise<void> {
  const stat = await lstat(join(root, path));
  const head = { name: path, mode: stat.mode & 0o7777, uid: stat.uid, gid: stat.gid, mtime: stat.mtime };
  if (stat.isDirectory()) {
    await pipeline([], packed.entry({ ...head, type: 'directory' }));
    for (const name of (await readdir(join(root, path))).sort())
      await addTree(packed, root, `${path}/${name}`);
    return;
  }
  if (!stat.isFile())
    throw finding(`${path} is neither a file nor a directory, and Docker keeps nothing else there`, {
      code: 'odd-entry',
    });
  await using file = await open(join(root, path), READ);
  const { size } = await file.stat();
  const content = size === 0 ? [] : file.createReadStream({ autoClose: false, end: size - 1 });
  await pipeline(content, packed.entry({ ...head, type: 'file', size }));
}

/** Unpacks entries `name/…` into `root`. @throws when one of them exists already */
export async function unpackTree(root: string, name: string, tar: Readable): Promise<void> {
  const directories: { path: string; header: Header }[] = [];
  await eachEntry(tar, async (header, content) => {
    const relative = header.name.replace(/\/$/, '');
    if (!isPathBelow(relative, name)) throw new Error(`"${relative}" is not a path below ${name}`);
    const path = join(root, relative);
    if (header.type === 'directory') {
      await mkdir(path, { mode: 0o700 });
      directories.push({ path, header });
    } else await createFile(path, header, content);
  });
  // From the leaves up, because creating an entry changes the time of its directory.
  for (const { path, header } of directories.reverse()) {
    await applyMetadata(path, header);
    await syncDirectory(path);
  }
  await syncDirectory(root);
}

async function createFile(path: string, header: Header, content: Content): Promise<void> {
  await using file = await open(path, 'wx', 0o600);
  await file.writeFile(content);
  await applyMetadata(path, header);
  await file.sync();
}

async function applyMetadata(path: string, { uid, gid, mode, mtime }: Header): Promise<void> {
  await lchown(path, uid, gid);
  await chmod(path, mode);
  if (mtime) await utimes(path, mtime, mtime);
}
