// A data root that is a directory of this host.
import { lstat, mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DataRoot } from './manager.ts';
import { packTree, unpackTree } from './tree.ts';
import { syncDirectory } from '../../support/write-file.ts';

export function localDataRoot(path: string): DataRoot {
  const at = (name: string): string => join(path, name);
  return {
    path,
    localPath: path,
    has: async (name) => (await lstat(at(name)).catch(missing)) !== undefined,
    read: (name) => readFile(at(name), 'utf8').catch(missing),
    list: async (name) => (await readdir(at(name)).catch(missing)) ?? [],
    async write(name, text) {
      await writeFile(at(`${name}.part`), text, { mode: 0o600 });
      await using file = await open(at(`${name}.part`));
      await file.sync();
      await rename(at(`${name}.part`), at(name));
      await syncDirectory(path);
    },
    pack: async (name) => packTree(path, name),
    unpack: (name, tar) => unpackTree(path, name, tar),
    async makeDirectory(name) {
      await mkdir(at(name), { mode: 0o700 });
    },
    async move(from, to) {
      await rename(at(from), at(to));
      await syncDirectory(path);
    },
    remove: (name) => rm(at(name), { recursive: true, force: true }),
  };
}

function missing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
