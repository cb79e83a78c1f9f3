// Checks the path of a backup's file before anything else is done.
import { existsSync } from 'node:fs';
import { access, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { reasonOf, usage } from '../../support/errors.ts';
import { type DataRoot, SWARM } from '../engine/manager.ts';

export interface OutputPath {
  readonly output: string;
  readonly overwrite: boolean;
}

/** Returns the absolute path of the file. @throws DrillError of usage when it can't be written there */
export async function resolveOutput({ output, overwrite }: OutputPath, root: DataRoot): Promise<string> {
  const path = resolve(output);
  const directory = await realpath(dirname(path)).catch((cause: unknown) => {
    throw usage(`${dirname(path)}: expected a directory: ${reasonOf(cause)}`, 'Create it first.');
  });
  const file = join(directory, basename(path));
  const forbidden = root.localPath === undefined ? undefined : join(root.localPath, SWARM);
  if (forbidden !== undefined && `${file}${sep}`.startsWith(`${forbidden}${sep}`))
    throw usage(
      `${file} is inside the swarm directory, which the engine may wipe`,
      'Write it elsewhere, preferably to another machine.',
    );
  if (!existsSync(file)) return file;
  if (!(await stat(file)).isFile()) throw usage(`${file} is not a file`, 'Give the path of a file.');
  if (!overwrite) throw usage(`${file} already exists`, 'Give another name, or --overwrite.');
  return file;
}

/** @throws DrillError of usage when there is no file to read */
export async function requireReadableFile(input: string): Promise<string> {
  try {
    await access(input);
    if ((await stat(input)).isFile()) return input;
  } catch (cause) {
    throw usage(
      `${input} can't be read: ${reasonOf(cause)}`,
      'Give the file that `swarm-drill swarm backup` wrote.',
    );
  }
  throw usage(`${input} is not a file`, 'Give the file that `swarm-drill swarm backup` wrote.');
}
