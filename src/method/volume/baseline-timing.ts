// The baseline that the methods' speed is compared with: tar piped to zstd on the node of the volume, and back. What it writes is
// removed with the container that wrote it.
import { outputOf } from '../../lab/engine/process.ts';
import { DrillError } from '../../support/errors.ts';
import type { Volume } from '../container/volume.ts';

/**
 * The first pass counts the bytes and reads them into memory, where the method that runs next will find them. The container's own
 * directories are on the same disk as the volumes.
 */
const SCRIPT = `
  bytes=$(tar -C /data -c . 2>/dev/null | wc -c)
  mkdir /plain
  began=$EPOCHREALTIME
  tar -C /data -c . 2>/dev/null | zstd -q -T0 -3 -o /plain.tar.zst
  packed=$EPOCHREALTIME
  zstd -q -d -c /plain.tar.zst | tar -C /plain -x && unpacked=$EPOCHREALTIME
  echo "$bytes $began $packed $unpacked"`;

/** Measures all volumes together: bytes of the plain tars, and the seconds that packing and unpacking them took. */
export async function measurePackAndUnpack(
  volumes: readonly Volume[],
): Promise<{ bytes: number; seconds: number; unpackSeconds: number }> {
  const sum = { bytes: 0, seconds: 0, unpackSeconds: 0 };
  for (const { node, name } of volumes) {
    const packing = await node.startTool({
      image: 'tools',
      argv: ['bash', '-c', SCRIPT],
      volumes: { [name]: '/data:ro' },
    });
    const { stdout, stderr, exitCode } = await outputOf(packing);
    const [bytes = 0, began = 0, packed = 0, unpacked = 0] = stdout.trim().split(' ').map(Number);
    if (exitCode !== 0 || !(bytes > 0) || !(unpacked > packed))
      throw new DrillError(`volume ${name}: the baseline timing failed`, {
        code: 'baseline-timing',
        node: node.name,
        output: stderr,
      });
    sum.bytes += bytes;
    sum.seconds += packed - began;
    sum.unpackSeconds += unpacked - packed;
  }
  return sum;
}
