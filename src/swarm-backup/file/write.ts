// Writes a swarm file as a stream: a tar of the manifest and the swarm directory, compressed by zstd, encrypted by age.
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createZstdCompress } from 'node:zlib';
import { pack, type Pack } from 'tar-stream';
import { finding } from '../../support/errors.ts';
import { type Content, eachEntry, matchEntries } from './entries.ts';
import type { FileFact, Manifest } from './manifest.ts';
import { type OpeningKey, type SealingKey, sealStream } from './seal.ts';
import type { BackupTarget } from './target.ts';
import { runLinked } from '../../support/linked-streams.ts';

export const MANIFEST = 'manifest.json';

/** A file that was created and has nothing in it yet. */
export interface EmptySwarmFile extends AsyncDisposable {
  /**
   * Writes its contents, and returns when they are on the disk.
   * @param tar the directory that `manifest` lists
   * @throws DrillError `changed-while-read`
   */
  write(manifest: Manifest, tar: Readable): Promise<Written>;
}

export interface Written {
  readonly bytes: number;
  readonly sha256: string;
  /** Decrypts what was just written, to read it back. */
  readonly key: OpeningKey;
}

/** Creates the file of `target`. What is slow (a passphrase) or can be refused (the directory) is done when this returns. */
export async function createSwarmFile(target: BackupTarget, lock: SealingKey): Promise<EmptySwarmFile> {
  const file = await target.create();
  const compressed = createZstdCompress();
  const { sealed, key } = await sealStream(compressed, lock);
  return {
    async write(manifest, tar) {
      const packed = pack();
      const hash = createHash('sha256');
      let bytes = 0;
      const counted = async function* (chunks: Content): Content {
        for await (const chunk of chunks) {
          hash.update(chunk);
          bytes += chunk.length;
          yield chunk;
        }
      };
      await runLinked(
        (signal) => fill(packed, manifest, tar, signal),
        (signal) => pipeline(Readable.from(packed), compressed, { signal }),
        (signal) => pipeline(sealed, counted, (chunks: Content) => file.write(chunks), { signal }),
      );
      return { bytes, sha256: hash.digest('hex'), key };
    },
    [Symbol.asyncDispose]: () => file[Symbol.asyncDispose](),
  };
}

async function fill(packed: Pack, manifest: Manifest, tar: Readable, signal: AbortSignal): Promise<void> {
  packed.entry({ name: MANIFEST, mode: 0o600 }, JSON.stringify(manifest, undefined, 1));
  const matcher = matchEntries(manifest.files, (reason) =>
    finding(`the directory changed while it was read: ${reason}`, {
      code: 'changed-while-read',
      hint: 'Make sure that the engine is stopped and that no other program writes to the directory.',
    }),
  );
  await eachEntry(tar, async (header, content) => {
    const fact = matcher.next(header);
    await addEntry(packed, fact, fact.path, matcher.compared(fact, content), signal);
  });
  matcher.end();
  packed.finalize();
}

/** Adds one file or directory to a tar. */
export async function addEntry(
  packed: Pack,
  { type, mode, uid, gid, mtime, size }: FileFact,
  name: string,
  content: Content,
  signal: AbortSignal,
): Promise<void> {
  const entry = packed.entry({ name, type, mode, uid, gid, mtime: new Date(mtime * 1000), size });
  await pipeline(content, entry, { signal });
}
