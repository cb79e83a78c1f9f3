// Reads the files of a volume, one entry after the other, with manifest.py on the node, and keeps them in a local file. The entries
// are never all in memory, so memory use does not depend on their number.
import { createHash, randomBytes } from 'node:crypto';
import { close, openSync, read, readFileSync, unlinkSync, write } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Exclusion } from '../../model/check.ts';
import { DrillError } from '../../support/errors.ts';
import type { Node } from '../../swarm/node/node.ts';
import type { Entry } from './entry.ts';

/** A volume on the node that holds it. */
export interface VolumeLocation {
  readonly node: Node;
  readonly name: string;
}

const PROGRAM = readFileSync(join(import.meta.dirname, 'manifest.py'), 'utf8');
/** The exit code of manifest.py if files changed while it read them. */
const CHANGED = 3;

/**
 * Reads every entry of a volume in its order, with content and all metadata.
 * @param excluded prefixes of paths that are not read
 * @throws DrillError `files-changed` if they changed while they were read, `manifest` if they can't be read
 */
export const readManifest = (
  place: VolumeLocation,
  excluded: readonly string[] = [],
): Promise<FileManifest> => FileManifest.keep(listing(place, excluded));

/** Reads the same without keeping it: entries as they come from the volume. */
export const readEntries = (
  place: VolumeLocation,
  excluded: readonly string[] = [],
): AsyncGenerator<Entry, Exclusion[]> => entriesOf(listing(place, excluded));

async function* listing({ node, name }: VolumeLocation, excluded: readonly string[]): AsyncGenerator<Buffer> {
  const running = await node.startTool({
    argv: ['python3', '-c', PROGRAM, ...excluded],
    volumes: { [name]: '/data:ro' },
  });
  for await (const chunk of running.io) yield chunk as Buffer;
  const exitCode = await running.exitCode();
  if (exitCode === 0) return;
  const changed = exitCode === CHANGED;
  const reason = changed ? `: ${running.stderr().trim()}` : ` (exit code ${exitCode})`;
  throw new DrillError(`the files of ${name} could not be read${reason}`, {
    code: changed ? 'files-changed' : 'manifest',
    node: node.name,
    output: running.stderr(),
    ...(changed && {
      hint: 'Stop what writes to the volume while its files are read, or exclude that path.',
    }),
  });
}

/** The files of a volume at one time. */
export class FileManifest implements AsyncIterable<Entry> {
  /** How many entries, the root among them. */
  readonly entries: number;
  /** Digest of all entries: two manifests are equal if their digests are. */
  readonly sha256: string;
  readonly #file: number;

  private constructor(file: number, entries: number, sha256: string) {
    this.#file = file;
    this.entries = entries;
    this.sha256 = sha256;
    abandoned.register(this, file);
  }

  /** Writes the lines of manifest.py to a file without a name: no other process can open it, and it disappears with this one. */
  static async keep(lines: AsyncIterable<Buffer>): Promise<FileManifest> {
    const file = openNameless();
    try {
      const hash = createHash('sha256');
      let tail = Buffer.alloc(0);
      for await (const chunk of lines) {
        hash.update(chunk);
        for (let at = 0; at < chunk.length;) at += (await writeTo(file, chunk, at)).bytesWritten;
        tail = Buffer.concat([tail, chunk.subarray(-LAST_LINE)]).subarray(-LAST_LINE);
      }
      const end = parseEnd(tail.toString('latin1').split('\n').at(-2) ?? '');
      if (end === undefined) throw cut();
      return new FileManifest(file, end.entries, hash.digest('hex'));
    } catch (error) {
      close(file);
      throw error;
    }
  }

  [Symbol.asyncIterator](): AsyncGenerator<Entry, Exclusion[]> {
    return entriesOf(this.#chunks());
  }

  async *#chunks(): AsyncGenerator<Buffer> {
    for (let at = 0; ;) {
      const chunk = Buffer.allocUnsafe(PIECE);
      const { bytesRead } = await readFrom(this.#file, chunk, 0, PIECE, at);
      if (bytesRead === 0) return;
      at += bytesRead;
      yield chunk.subarray(0, bytesRead);
    }
  }
}

const PIECE = 1 << 16;
// File descriptors, because a FileHandle warns when it is collected unclosed, which is intended here.
const readFrom = promisify(read);
const writeTo = promisify(write);

/** Closes the file, which deletes it, when the manifest is garbage collected. */
const abandoned = new FinalizationRegistry((file: number) => close(file));

function openNameless(): number {
  const path = join(tmpdir(), `swarm-drill-manifest-${randomBytes(8).toString('hex')}`);
  const file = openSync(path, 'wx+', 0o600);
  unlinkSync(path);
  return file;
}

/** Longer than manifest.py's last line, which names every excluded prefix. */
const LAST_LINE = 1 << 16;

interface End {
  readonly entries: number;
  /** By prefix. */
  readonly excluded: Readonly<Record<string, number>>;
}

/** Returns the counts of the last line; undefined for any other line. */
const parseEnd = (line: string): End | undefined =>
  line.startsWith('{"entries":') ? (JSON.parse(line) as End) : undefined;

const cut = (): DrillError =>
  new DrillError('manifest.py: its output ends early (expected a last line with the number of entries)', {
    code: 'manifest',
  });

/**
 * Parses lines of JSON. @returns what was left out
 * @throws DrillError `manifest` unless the last line gives the number of entries that came before it
 */
export async function* entriesOf(lines: AsyncIterable<Buffer>): AsyncGenerator<Entry, Exclusion[]> {
  let rest = '';
  let seen = 0;
  let end: End | undefined;
  for await (const chunk of lines) {
    // The output is ASCII, so no character is split between two chunks.
    const whole = (rest + chunk.toString('latin1')).split('\n');
    rest = whole.pop() ?? '';
    for (const line of whole) {
      end = parseEnd(line);
      if (end === undefined) yield (seen++, JSON.parse(line) as Entry);
    }
  }
  if (end?.entries !== seen) throw cut();
  return Object.entries(end.excluded).map(([what, count]) => ({ what, count }));
}
