// The plain way to store volumes, which the methods' speed is held against: tar piped to zstd, beside the data, kept nowhere.
import { finish } from '../lab/engine.ts';
import { DrillError } from '../support/errors.ts';
import type { Volume } from './volume-archive.ts';

/** The first pass counts the bytes and brings them into memory, as the method that comes next will find them. */
const SCRIPT = `
  bytes=$(tar -C /data -c . 2>/dev/null | wc -c)
  began=$EPOCHREALTIME
  tar -C /data -c . 2>/dev/null | zstd -q -T0 -3 >/dev/null
  ended=$EPOCHREALTIME
  echo "$bytes $began $ended"`;

/** @returns bytes of the plain tars, and the seconds that it took to pack them, of all volumes together */
export async function tarAndZstd(volumes: readonly Volume[]): Promise<{ bytes: number; seconds: number }> {
  const sum = { bytes: 0, seconds: 0 };
  for (const { node, name } of volumes) {
    const packing = await node.tools({ argv: ['bash', '-c', SCRIPT], volumes: { [name]: '/data:ro' } });
    const { stdout, stderr, exitCode } = await finish(packing);
    const [bytes = 0, began = 0, ended = 0] = stdout.trim().split(' ').map(Number);
    if (exitCode !== 0 || !(bytes > 0))
      throw new DrillError(`the plain way could not be measured on ${name}`, {
        code: 'yardstick',
        node: node.name,
        output: stderr,
      });
    sum.bytes += bytes;
    sum.seconds += ended - began;
  }
  return sum;
}
