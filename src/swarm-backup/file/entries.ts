// Reads the swarm directory as a tar stream: lists its entries, and compares them with a manifest.
import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { extract, type Header } from 'tar-stream';
import { type DrillError, finding } from '../../support/errors.ts';
import { SWARM } from '../engine/manager.ts';
import { type FileFact, isPathBelow } from './manifest.ts';
import { runLinked } from '../../support/linked-streams.ts';

export type Content = AsyncIterable<Buffer>;

/** Calls `take` for each entry of `tar` in turn; content that it does not read is skipped. */
export async function eachEntry(
  tar: Readable,
  take: (header: Header, content: Content) => Promise<void>,
): Promise<void> {
  const entries = extract();
  await runLinked(
    (signal) => pipeline(tar, entries, { signal }),
    async () => {
      for await (const entry of entries) {
        await take(entry.header, entry as Content);
        entry.resume();
      }
    },
  );
}

/** Bytes. Larger files are only read by the engine. */
const SMALL = 64 * 1024;

export interface DirectorySurvey {
  readonly files: readonly FileFact[];
  /** Content of the small files, by path. Some of it is secret. */
  readonly small: ReadonlyMap<string, Buffer>;
}

/** Reads a tar of the swarm directory to its end. @throws DrillError `odd-entry` */
export async function surveyDirectory(tar: Readable): Promise<DirectorySurvey> {
  const files: FileFact[] = [];
  const small = new Map<string, Buffer>();
  await eachEntry(tar, async (header, content) => {
    const fact = parseHeader(header, (reason) => finding(reason, { code: 'odd-entry' }));
    const hash = createHash('sha256');
    if (fact.size <= SMALL) {
      const bytes = await buffer(content);
      small.set(fact.path, bytes);
      hash.update(bytes);
    } else for await (const chunk of content) hash.update(chunk);
    files.push({ ...fact, sha256: fact.type === 'file' ? hash.digest('hex') : '' });
  });
  return { files, small };
}

/** @throws what `refuse` makes of an entry that does not belong into a swarm directory */
function parseHeader(header: Header, refuse: (reason: string) => DrillError): Omit<FileFact, 'sha256'> {
  const path = header.name.replace(/\/$/, '');
  if (header.type !== 'file' && header.type !== 'directory')
    throw refuse(`${path} is a ${header.type}, and Docker keeps only files and directories there`);
  if (!isPathBelow(path, SWARM)) throw refuse(`"${path}" is not a path of a swarm directory`);
  return {
    path,
    type: header.type,
    mode: (header.mode ?? 0) & 0o7777,
    uid: header.uid ?? 0,
    gid: header.gid ?? 0,
    mtime: Math.floor((header.mtime?.getTime() ?? 0) / 1000),
    size: header.size ?? 0,
  };
}

/** Compares the entries of a tar with a manifest: they must be the same, in the same order. */
export interface EntryMatcher {
  /** @throws when it is not the expected entry */
  next(header: Header): FileFact;
  /** Returns the content of `fact`, which throws at its end when the hash differs. */
  compared(fact: FileFact, content: Content): Content;
  /** @throws when entries are missing */
  end(): void;
}

/** @param refuse creates the error for a difference */
export function matchEntries(
  files: readonly FileFact[],
  refuse: (reason: string) => DrillError,
): EntryMatcher {
  let at = 0;
  return {
    next(header) {
      const found = parseHeader(header, refuse);
      const fact = files[at++];
      if (fact?.path !== found.path || fact.type !== found.type || fact.size !== found.size)
        throw refuse(
          `expected ${fact ? `${fact.path} of ${fact.size} bytes` : 'the end'}, got ${found.path} of ${found.size} bytes`,
        );
      return fact;
    },
    async *compared(fact, content) {
      const hash = createHash('sha256');
      for await (const chunk of content) {
        hash.update(chunk);
        yield chunk;
      }
      if (fact.type === 'file' && hash.digest('hex') !== fact.sha256)
        throw refuse(`${fact.path}: its SHA-256 differs from the manifest`);
    },
    end() {
      const missing = files.slice(at).map(({ path }) => path);
      if (missing.length > 0) throw refuse(`${missing.join(', ')} missing`);
    },
  };
}
