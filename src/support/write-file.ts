// Replaces files whole: written under a temporary name first, so that a reader never sees half a file.
import { constants } from 'node:fs';
import { open, rename, rm, writeFile } from 'node:fs/promises';

/** Writes `text` to `file`. @throws what the file system says; the previous file is unchanged then */
export const writeAtomically = (file: string, text: string | Uint8Array): Promise<void> =>
  replaceAtomically(file, (temporary) => writeFile(temporary, text));

/** @param write creates the new file, or link, under the name that it is given */
export async function replaceAtomically(
  file: string,
  write: (temporary: string) => Promise<unknown>,
): Promise<void> {
  const temporary = `${file}.${process.pid}.tmp`;
  await rm(temporary, { force: true });
  try {
    await write(temporary);
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
}

/** A new name is on the disk only when its directory was synced. */
export async function syncDirectory(directory: string): Promise<void> {
  await using handle = await open(directory, constants.O_RDONLY | constants.O_DIRECTORY);
  await handle.sync();
}
