// The files of an AOF, as its manifest names them, and how much of them is the data of one moment.
import { seconds } from '../../support/clock.ts';
import { execInTask } from '../container/task.ts';
import { waitForServer } from '../container/server-log.ts';
import type { AofEnd } from './aof-end.ts';
import { parseInfo } from './client.ts';
import { countContents, type KeyValueContents } from './contents.ts';
import type { ServiceClient } from './service.ts';

export interface AofFile {
  readonly name: string;
  /** `b` is a base, `i` an increment, `h` one that was replaced and is not loaded. */
  readonly type: string;
}

/** Parses the manifest's lines: `file appendonly.aof.1.base.rdb seq 1 type b`, names quoted where necessary. */
export const parseManifest = (manifest: string): AofFile[] =>
  [...manifest.matchAll(/^file (?:"((?:[^"\\]|\\.)+)"|(\S+)) seq \d+ type (\w)/gm)].map(
    ([, quoted, bare, type]) => ({ name: quoted ?? bare ?? '', type: type ?? '' }),
  );

/** A slow disk may delay a write by two seconds, and a stuck one by any time. */
const WRITE_LIMIT = seconds(60);

/**
 * Counts the contents, and finds out where the last file ended at that moment.
 * @param directory of the AOF in the container
 * @throws DrillError `aof-end` when the server does not write it to disk, or no command ends there
 */
export function countToEnd(
  client: ServiceClient,
  directory: string,
  files: readonly AofFile[],
): Promise<{ readonly contents: KeyValueContents; readonly end: AofEnd }> {
  return waitForServer(
    client.task,
    'the server to write its AOF to disk',
    async () => {
      const { contents, replies } = await countContents(client, ['INFO', 'persistence']);
      const before = sizeOf(parseInfo(String(replies[0])));
      const sizes = await readSizes(client, directory, files);
      const after = sizeOf(await client.info('persistence'));
      for (const bytes of possibleEnds(before, sizes, after.written))
        if (await isCommandEnd(client, sizes.path, bytes))
          return { done: { contents, end: { file: sizes.file, bytes } } };
      return {
        notYet: `it reports ${before.written + before.buffered} bytes, and its files have ${sizes.total}`,
      };
    },
    { limit: WRITE_LIMIT, code: 'aof-end' },
  );
}

interface AofSize {
  /** Bytes that the server has written to its files. */
  readonly written: number;
  /** Bytes that it is going to write next. */
  readonly buffered: number;
  /** Whether `written` has the base. A server that created an empty base when it started does not count it (seen with Valkey 8.1). */
  readonly hasBase: boolean;
}

const sizeOf = ({
  aof_current_size: written,
  aof_buffer_length: buffered = '0',
  aof_base_size: base,
}: Record<string, string>): AofSize => ({
  written: Number(written),
  buffered: Number(buffered),
  hasBase: base !== '0',
});

export interface AofSizes {
  /** The file that the server appends to, and its path in the container. */
  readonly file: string;
  readonly path: string;
  readonly last: number;
  readonly base: number;
  /** Of all files that are loaded. */
  readonly total: number;
}

async function readSizes(
  { task }: ServiceClient,
  directory: string,
  files: readonly AofFile[],
): Promise<AofSizes> {
  const loaded = files.filter(({ type }) => type !== 'h');
  const paths = loaded.map(({ name }) => `${directory}/${name}`);
  const { output } = await execInTask(task, ['stat', '-c', '%s', ...paths], { code: 'no-aof' });
  const sizes = output.trim().split('\n').map(Number);
  const index = loaded.findLastIndex(({ type }) => type === 'i');
  return {
    file: loaded[index]?.name ?? '',
    path: paths[index] ?? '',
    last: sizes[index] ?? 0,
    base: sizes[loaded.findIndex(({ type }) => type === 'b')] ?? 0,
    total: sizes.reduce((sum, one) => sum + one, 0),
  };
}

/**
 * Returns where the last file may have ended when the server reported `before`, the likelier first: with the base counted and without.
 * The sizes on disk, read between two reports, mostly exclude one of them.
 */
export function possibleEnds(
  before: AofSize,
  { last, base, total }: Omit<AofSizes, 'file' | 'path'>,
  writtenAfter: number,
): number[] {
  const uncounted = before.hasBase ? [0, base] : [base, 0];
  return uncounted
    .filter((bytes) => bytes >= total - writtenAfter && bytes <= total - before.written)
    .map((bytes) => before.written + before.buffered + bytes - (total - last));
}

/** Commands end with CR LF and begin with `*`, and comments with `#`. Nothing is before the first, and nothing after the last. */
async function isCommandEnd({ task }: ServiceClient, path: string, bytes: number): Promise<boolean> {
  if (bytes <= 0) return bytes === 0;
  const read = ['sh', '-c', 'tail -c +"$2" "$1" | head -c 3', 'sh', path, String(bytes - 1)];
  const { output } = await execInTask(task, read, { code: 'no-aof' });
  return /^\r\n[*#]?$/.test(output);
}
