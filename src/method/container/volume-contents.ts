// What a volume holds: recorded while it is backed up, and compared with the restored volume before a restore returns.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { z } from 'zod';
import type { Aspect } from '../../model/aspect.ts';
import type { ArtifactReader, ArtifactWriter } from '../../model/method.ts';
import { finding } from '../../support/errors.ts';
import { step } from '../../support/trace.ts';
import { outputOrThrow, type SidecarResult } from './sidecar.ts';
import { runAsRoot, type Volume } from './volume.ts';

/** Everything that did not change during the backup, without the types of entry that the method loses. Part of an artifact's metadata. */
export const volumeContents = z.object({
  entries: z.number().int().nonnegative(),
  /** Sum of the sizes of all files; a file with several names counts once for each. */
  bytes: z.number().int().nonnegative(),
  /** How many entries were changed, removed or added during the backup: they are in neither number, and can't be compared. */
  changing: z.number().int().nonnegative(),
});
export type VolumeContents = z.infer<typeof volumeContents>;

/** File of the artifact: the list of the entries. */
const LIST = 'contents.list';
const PROGRAM = readFileSync(join(import.meta.dirname, 'volume-contents.py'), 'utf8');

/** Types of entry, as `ls -l` has them, that a method may lose as a whole. */
const TYPES: Partial<Record<Aspect, string>> = {
  'symbolic links': 'l',
  FIFOs: 'p',
  sockets: 's',
  devices: 'bc',
};
const lostTypes = (loses: readonly Aspect[]): string[] => loses.flatMap((aspect) => TYPES[aspect] ?? []);

/**
 * Runs `copy`, and stores the list of what the volume held before and after it. Only what is the same both times is sure to be in the
 * copy: services may go on writing.
 */
export async function recordContents(
  volume: Volume,
  { put }: Pick<ArtifactWriter, 'put'>,
  loses: readonly Aspect[],
  copy: () => Promise<unknown>,
): Promise<VolumeContents> {
  const types = lostTypes(loses);
  const before = await step('list what is in the volume', () => run(volume, ['list', ...types], compressed));
  await copy();
  return step('list what did not change', async () => {
    const input = Readable.from([before.output]).pipe(createGunzip());
    const store = (list: Readable): Promise<void> => put(LIST, list);
    const { stderr } = await run(volume, ['unchanged', ...types], store, input);
    return volumeContents.parse(JSON.parse(stderr));
  });
}

/** Compares the volume with the list. @throws DrillError `restore-incomplete` */
export async function compareContents(
  volume: Volume,
  { metadata, open }: Pick<ArtifactReader<{ readonly contents: VolumeContents }>, 'metadata' | 'open'>,
  loses: readonly Aspect[],
): Promise<void> {
  const { contents } = metadata;
  const compared = await step('compare the volume with what was backed up', () =>
    run(volume, ['compare', ...lostTypes(loses)], text, open(LIST)),
  );
  const found = comparison.parse(JSON.parse(compared.output));
  const { entries, bytes, missing, changed, extra } = found;
  const isShort = entries < contents.entries || bytes < contents.bytes;
  // What was added during the backup may be in it.
  if (!isShort && missing + changed === 0 && (extra === 0 || contents.changing > 0)) return;
  throw finding(
    `volume ${volume.name}: restored ${amount(found)} (expected ${amount(contents)}): ${missing} missing, ${changed} with another type or size, ${extra} added`,
    {
      code: 'restore-incomplete',
      node: volume.node.name,
      hint: 'Restore another backup, and do not start a service on this one: nothing of it was left in the volume.',
      output: found.named.map(([what, path]) => `${what}: ${readable(path)}`).join('\n'),
    },
  );
}

const comparison = z.object({
  entries: z.number(),
  bytes: z.number(),
  missing: z.number(),
  changed: z.number(),
  extra: z.number(),
  named: z.array(z.tuple([z.string(), z.string()])),
});

const amount = ({ entries, bytes }: Pick<VolumeContents, 'entries' | 'bytes'>): string =>
  `${entries} entries with ${bytes} bytes`;

/** @param path its bytes, one character each */
const readable = (path: string): string => JSON.stringify(Buffer.from(path, 'latin1').toString());

/** It is in memory during the whole copy: 15 bytes an entry instead of 100. */
async function compressed(list: Readable): Promise<Buffer> {
  const gzip = createGzip({ level: 1 });
  const [, bytes] = await Promise.all([pipeline(list, gzip), buffer(gzip)]);
  return bytes;
}

/** Runs volume-contents.py. @throws DrillError `volume-unreadable` */
async function run<T>(
  volume: Volume,
  words: readonly string[],
  read: (stdout: Readable) => Promise<T>,
  input?: Readable,
): Promise<SidecarResult<T>> {
  const argv = ['python3', '-c', PROGRAM, ...words];
  const ended = await runAsRoot(volume, '/volume:ro', argv, { read, ...(input && { input }) });
  outputOrThrow(`volume-contents.py ${words[0]}`, volume.node, 'volume-unreadable', ended);
  return ended;
}
