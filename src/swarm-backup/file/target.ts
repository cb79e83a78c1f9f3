// Where a swarm file is written to and read from: a file of this machine for the commands, memory for a drill.
import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { syncDirectory } from '../../support/write-file.ts';

export interface SwarmFileSource {
  /** For messages. */
  readonly name: string;
  /** Opens it from the beginning; a restore reads it twice. */
  open(): Readable;
}

/** `open` reads back what was written. */
export interface BackupTarget extends SwarmFileSource {
  /** Path of the unfinished file, for the intent log: a command that is killed leaves it behind. */
  readonly part?: string;
  /** Creates it, empty. @throws when the place can't be written to */
  create(): Promise<TargetWriter>;
  /** Gives the file its name, once it was read back. */
  publish(): Promise<void>;
  /** Removes what is unfinished; harmless when there is nothing. */
  discard(): Promise<void>;
}

export interface TargetWriter extends AsyncDisposable {
  /** Returns when everything is on the disk. */
  write(chunks: AsyncIterable<Buffer>): Promise<void>;
}

export const fileSource = (path: string): SwarmFileSource => ({
  name: basename(path),
  open: () => createReadStream(path),
});

/** Writes next to `path`, readable to the owner only, and renames. */
export function fileTarget(path: string): BackupTarget {
  const part = `${path}.part-${randomBytes(4).toString('hex')}`;
  return {
    ...fileSource(part),
    name: path,
    part,
    async create() {
      const file = await open(part, 'wx', 0o600);
      return {
        async write(chunks) {
          await file.writeFile(chunks);
          await file.sync();
        },
        [Symbol.asyncDispose]: () => file.close(),
      };
    },
    async publish() {
      await rename(part, path);
      await syncDirectory(dirname(path));
    },
    discard: () => rm(part, { force: true }),
  };
}

/** Keeps the file in memory: nothing is left on a disk when the process is killed. */
export function memoryTarget(name: string): BackupTarget {
  let bytes = Buffer.alloc(0);
  return {
    name,
    open: () => Readable.from([bytes]),
    create: async () => ({
      write: async (chunks) => void (bytes = await buffer(chunks)),
      [Symbol.asyncDispose]: async () => undefined,
    }),
    publish: async () => undefined,
    discard: async () => undefined,
  };
}
