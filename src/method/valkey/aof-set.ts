// The files of an AOF, as its manifest names them, and how much of them is the data of one moment.
import { z } from 'zod';
import { finding } from '../../support/errors.ts';
import { seconds } from '../../support/clock.ts';
import { execInTask, type ServiceTask } from '../container/task.ts';
import { outputOrThrow } from '../container/sidecar.ts';
import { waitForServer } from '../container/server-log.ts';
import { runAsRoot, type Volume } from '../container/volume.ts';

/** The file that the server appends to, relative to the AOF's directory, and how many of its bytes belong to the backup. */
export const aofEnd = z.object({ file: z.string().min(1), bytes: z.int().nonnegative() });
export type AofEnd = z.infer<typeof aofEnd>;

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
 * Waits until the first `size` bytes of the set are in its files.
 * @param directory of the AOF in the container
 * @param size of base and increments together, as the server reports it
 * @returns where the last file has to end so that the set has that size
 * @throws DrillError `aof-not-written`; `aof-end` when no command ends there
 */
export async function waitForBytes(
  task: ServiceTask,
  directory: string,
  files: readonly AofFile[],
  size: number,
): Promise<AofEnd> {
  const loaded = files.filter(({ type }) => type !== 'h').map(({ name }) => name);
  const last = files.findLast(({ type }) => type === 'i')?.name ?? '';
  const paths = loaded.map((name) => `${directory}/${name}`);
  const bytes = await waitForServer(
    task,
    'the server to write its AOF to disk',
    async () => {
      const { output } = await execInTask(task, ['stat', '-c', '%s', ...paths], { code: 'no-aof' });
      const sizes = output.trim().split('\n').map(Number);
      const total = sizes.reduce((sum, one) => sum + one, 0);
      const end = size - total + (sizes[loaded.indexOf(last)] ?? 0);
      return total >= size ? { done: end } : { notYet: `${size - total} bytes are missing` };
    },
    { limit: WRITE_LIMIT, code: 'aof-not-written' },
  );
  await requireCommandEnd(task, `${directory}/${last}`, bytes);
  return { file: last, bytes };
}

/** Commands end with CR LF and begin with `*`, and comments with `#`. */
async function requireCommandEnd(task: ServiceTask, path: string, bytes: number): Promise<void> {
  if (bytes === 0) return;
  const read = ['sh', '-c', 'tail -c +"$2" "$1" | head -c 3', 'sh', path, String(bytes - 1)];
  const { output } = await execInTask(task, read, { code: 'no-aof' });
  if (!/^\r\n[*#]?$/.test(output))
    throw finding(`${task.service}: no command of the AOF ends where the server says that it ends`, {
      code: 'aof-end',
      node: task.node.name,
      hint: 'Back the server up as an RDB snapshot.',
    });
}

/** Cuts off what was written after the moment of the backup. @throws DrillError `restore-incomplete` when there is less */
export async function cutAtEnd(volume: Volume, directory: string, { file, bytes }: AofEnd): Promise<void> {
  const path = `/volume/${directory}/${file}`;
  const script =
    'size=$(stat -c %s "$1") && [ "$size" -ge "$2" ] && truncate -s "$2" "$1" || { echo "$size"; exit 9; }';
  const cut = await runAsRoot(volume, '/volume', ['sh', '-c', script, 'sh', path, String(bytes)]);
  if (cut.exitCode === 9)
    throw finding(`${file}: expected at least ${bytes} bytes, got ${cut.output.trim() || 'no file'}`, {
      code: 'restore-incomplete',
      node: volume.node.name,
    });
  outputOrThrow('truncate', volume.node, 'truncate-failed', cut);
}
