// Text files put into a container that need not run: scripts, keys.
import { Readable } from 'node:stream';
import { pack } from 'tar-stream';
import type { Engine } from './engine.ts';

/** @param files path in the container, without the leading slash, to text; owned by root */
export async function uploadFiles(
  engine: Engine,
  container: string,
  files: Readonly<Record<string, string>>,
  mode: number,
): Promise<void> {
  const tar = pack();
  for (const [name, text] of Object.entries(files)) tar.entry({ name, mode }, text);
  tar.finalize();
  await engine.containers.writeArchive(container, '/', Readable.from(tar));
}
