// Which drills there are: a file `drills/<name>.drill.ts` each.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { usage } from '../support/errors.ts';
import { nearest } from './nearest.ts';

export const ROOT = join(import.meta.dirname, '../..');
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

/**
 * The drills of these names, in this order; every drill when there are no names.
 * @throws DrillError `usage` for a name that no drill has
 */
export async function selectDrills(names: readonly string[]): Promise<DrillFile[]> {
  const all = await drillFiles();
  if (names.length === 0) return all;
  return [...new Set(names)].map((name) => {
    const found = all.find((drill) => drill.name === name);
    if (found) return found;
    const known = all.map((drill) => drill.name);
    const meant = nearest(name, known);
    throw usage(
      `expected the name of a drill (${known.join(', ')}), got "${name}"`,
      meant ? `did you mean "${meant}"?` : 'see `swarm-drill list`',
    );
  });
}
