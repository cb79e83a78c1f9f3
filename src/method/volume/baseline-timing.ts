// The plain way to store volumes, which the methods' speed is held against: tar piped to zstd and back, beside the data. What it makes
// goes away with the container that made it.
import { outputOf } from '../../lab/engine/process.ts';
import { DrillError } from '../../support/errors.ts';
import type { Volume } from './volume-archive.ts';

/**
 * The first pass counts the bytes and brings them into memory, as the method that comes next will find them. The container's own
 * directories lie on the disk that the volumes lie on.
 */
const SCRIPT = `
  bytes=$(tar -C /data -c . 2>/dev/null | wc -c)
  mkdir /plain
  began=$EPOCHREALTIME
  tar -C /data -c . 2>/dev/null | zstd -q -T0 -3 -o /plain.tar.zst
  packed=$EPOCHREALTIME
  zstd -q -d -c /plain.tar.zst | tar -C /plain -x && unpacked=$EPOCHREALTIME
  echo "$bytes $began $packed $unpacked"`;

/** @returns bytes of the plain tars, and the seconds that it took to pack and to unpack them, of all volumes together */
export async function measurePackAndUnpack(
  volumes: readonly Volume[],
): Promise<{ bytes: number; seconds: number; unpackSeconds: number }> {
  const sum = { bytes: 0, seconds: 0, unpackSeconds: 0 };
  for (const { node, name } of volumes) {
    const packing = await node.tools({ argv: ['bash', '-c', SCRIPT], volumes: { [name]: '/data:ro' } });
    const { stdout, stderr, exitCode } = await outputOf(packing);
    const [bytes = 0, began = 0, packed = 0, unpacked = 0] = stdout.trim().split(' ').map(Number);
    if (exitCode !== 0 || !(bytes > 0) || !(unpacked > packed))
      throw new DrillError(`the plain way could not be measured on ${name}`, {
        code: 'yardstick',
        node: node.name,
        output: stderr,
      });
    sum.bytes += bytes;
    sum.seconds += packed - began;
    sum.unpackSeconds += unpacked - packed;
  }
  return sum;
}
