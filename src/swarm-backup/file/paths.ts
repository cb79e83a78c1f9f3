// Where a backup's file may be written, and that there is one to read.
import { existsSync } from 'node:fs';
import { access, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { reasonOf, usage } from '../../support/errors.ts';
import { type DataRoot, SWARM } from '../engine/manager.ts';

export interface OutputPath {
  readonly output: string;
  readonly overwrite: boolean;
}

/** @returns the absolute path of the file. @throws DrillError of usage when it can't be there */
export async function resolveOutput({ output, overwrite }: OutputPath, root: DataRoot): Promise<string> {
  const path = resolve(output);
  const directory = await realpath(dirname(path)).catch((cause: unknown) => {
    throw usage(
      `${dirname(path)} is no directory that can be written to: ${reasonOf(cause)}`,
      'make it first',
    );
  });
  const file = join(directory, basename(path));
  const forbidden = root.seenFromHere === undefined ? undefined : join(root.seenFromHere, SWARM);
  if (forbidden !== undefined && `${file}${sep}`.startsWith(`${forbidden}${sep}`))
    throw usage(
      `${file} is inside the swarm directory, which the engine may wipe`,
      'write it elsewhere, best to another machine',
    );
  if (!existsSync(file)) return file;
  if (!(await stat(file)).isFile()) throw usage(`${file} is no file`, 'give the path of a file');
  if (!overwrite) throw usage(`${file} is there already`, 'give another name, or --overwrite');
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
      'give the file that `swarm-drill swarm backup` wrote',
    );
  }
  throw usage(`${input} is no file`, 'give the file that `swarm-drill swarm backup` wrote');
}
