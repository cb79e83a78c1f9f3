// Which drills there are: a file `drills/<name>.drill.ts` each.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { declaredDrills } from '../../drill/registry.ts';
import { usage } from '../../support/errors.ts';
import { nearest } from './nearest.ts';

export const ROOT = join(import.meta.dirname, '../../..');
const SUFFIX = '.drill.ts';

export interface DrillFile {
  readonly name: string;
  /** Absolute. */
  readonly file: string;
}

/** By name. */
export async function drillFiles(): Promise<DrillFile[]> {
  const folder = join(ROOT, 'drills');
  const entries = await readdir(folder, { recursive: true });
  return entries
    .filter((entry) => entry.endsWith(SUFFIX))
    .map((entry) => ({
      name: entry.split('/').at(-1)?.slice(0, -SUFFIX.length) ?? '',
      file: join(folder, entry),
    }))
    .sort((a, b) => a.name.localeCompare(b.name));
}

/** A drill by its own name: that of its file, or `<file>.<variant>` where one file declares several. */
export interface DrillChoice {
  readonly name: string;
  /** Absolute. */
  readonly file: string;
}

/**
 * The drills of these names, in this order; a file's name stands for all of its drills. Every drill when there are no names.
 * @throws DrillError `usage` for a name that no drill has
 */
export async function selectDrills(names: readonly string[]): Promise<DrillChoice[]> {
  const files = await drillFiles();
  if (names.length === 0) return (await Promise.all(files.map(drillsOf))).flat();
  const chosen = new Map<string, DrillChoice>();
  for (const name of names) {
    const file = files.find((one) => one.name === name || name.startsWith(`${one.name}.`));
    const here = file ? await drillsOf(file) : [];
    const meant = here.filter((one) => file?.name === name || one.name === name);
    if (meant.length === 0)
      throw unknown(
        name,
        [...files, ...here].map((one) => one.name),
      );
    for (const one of meant) chosen.set(one.name, one);
  }
  return [...chosen.values()];
}

/** What the file declares. One that can't be read stands for itself: running it tells why. */
async function drillsOf({ name, file }: DrillFile): Promise<DrillChoice[]> {
  try {
    await import(file);
  } catch {
    return [{ name, file }];
  }
  return declaredDrills().filter((drill) => drill.file === file);
}

function unknown(name: string, known: readonly string[]): Error {
  const meant = nearest(name, known);
  return usage(
    `expected the name of a drill (${[...new Set(known)].join(', ')}), got "${name}"`,
    meant ? `did you mean "${meant}"?` : 'see `swarm-drill list`',
  );
}
