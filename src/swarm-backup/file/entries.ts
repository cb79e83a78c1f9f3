// The swarm directory as a tar goes by: what is in it, and whether that is what a manifest says.
import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { extract, type Header } from 'tar-stream';
import { type DrillError, finding } from '../../support/errors.ts';
import { SWARM } from '../engine/manager.ts';
import { type FileFact, isPathBelow } from './manifest.ts';
import { together } from '../../support/linked-streams.ts';

export type Content = AsyncIterable<Buffer>;

/** Hands out the entries of `tar`, one after the other; what is not read of one is passed over. */
export async function eachEntry(
  tar: Readable,
  take: (header: Header, content: Content) => Promise<void>,
): Promise<void> {
  const entries = extract();
  await together(
    (signal) => pipeline(tar, entries, { signal }),
    async () => {
      for await (const entry of entries) {
        await take(entry.header, entry as Content);
        entry.resume();
      }
    },
  );
}

/** Larger ones are nothing that anybody but the engine reads. */
const SMALL = 64 * 1024;

export interface DirectorySurvey {
  readonly files: readonly FileFact[];
  /** Content of the small ones, by path. Some of it is secret. */
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

/** What the head of an entry says. @throws what `refuse` makes of a kind or a name that has no place here */
function parseHeader(header: Header, refuse: (reason: string) => DrillError): Omit<FileFact, 'sha256'> {
  const path = header.name.replace(/\/$/, '');
  if (header.type !== 'file' && header.type !== 'directory')
    throw refuse(`${path} is a ${header.type}, and Docker keeps only files and directories there`);
  if (!isPathBelow(path, SWARM)) throw refuse(`"${path}" is no path of a swarm directory`);
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

/** Calls the roll: the entries of a tar must be those of a manifest, in its order. */
export interface EntryMatcher {
  /** @throws when the entry is not the one whose turn it is */
  next(header: Header): FileFact;
  /** The content of `fact`, compared as it is read. @throws at its end, when it is another */
  compared(fact: FileFact, content: Content): Content;
  /** @throws when entries are missing */
  end(): void;
}

/** @param refuse what a difference is to be told as */
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
        throw refuse(`${fact.path} has another SHA-256 than its manifest says`);
    },
    end() {
      const missing = files.slice(at).map(({ path }) => path);
      if (missing.length > 0) throw refuse(`${missing.join(', ')} missing`);
    },
  };
}
