// Where an AOF ends that is the data of one moment: the server goes on writing to its last file while it is copied.
import { z } from 'zod';
import { finding } from '../../support/errors.ts';
import { outputOrThrow } from '../container/sidecar.ts';
import { runAsRoot, type Volume } from '../container/volume.ts';

/** The file that the server appends to, relative to the AOF's directory, and how many of its bytes belong to the backup. */
export const aofEnd = z.object({ file: z.string().min(1), bytes: z.int().nonnegative() });
export type AofEnd = z.infer<typeof aofEnd>;

/** Cuts off what was written after the moment of the backup. @throws DrillError `restore-incomplete` when there is less */
export async function cutAtEnd(volume: Volume, directory: string, { file, bytes }: AofEnd): Promise<void> {
  const path = `/volume/${directory}/${file}`;
  const script = `size=$(stat -c %s "$1") && [ "$size" -ge "$2" ] && truncate -s "$2" "$1" || { echo "$size"; exit 9; }`;
  const cut = await runAsRoot(volume, '/volume', ['sh', '-c', script, 'sh', path, String(bytes)]);
  if (cut.exitCode === 9)
    throw finding(`${file}: expected at least ${bytes} bytes, got ${cut.output.trim() || 'no file'}`, {
      code: 'restore-incomplete',
      node: volume.node.name,
    });
  outputOrThrow('truncate', volume.node, 'truncate-failed', cut);
}
