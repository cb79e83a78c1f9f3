// Finds the drills: each file is drills/<name>.drill.ts.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { declaredDrills } from '../../drill/registry.ts';
import type { ImageRecipe } from '../../lab/lab.ts';
import { usage } from '../../support/errors.ts';
import { ROOT } from '../project.ts';
import { nearestName } from './nearest-name.ts';

const SUFFIX = '.drill.ts';

export interface DrillFile {
  readonly name: string;
  /** Absolute. */
  readonly file: string;
}

/** Returns the drill files, sorted by name. */
export async function findDrillFiles(): Promise<DrillFile[]> {
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

/** A drill's name is that of its file, or `<file>.<variant>` where a file declares several. */
export interface SelectedDrill {
  readonly name: string;
  /** Absolute. */
  readonly file: string;
  /** Images that its plan needs; none for a file that can't be imported. */
  readonly images: readonly ImageRecipe[];
}

/**
 * Returns the drills with these names, in this order, or every drill without names. The name of a file selects all its drills.
 * @throws DrillError `usage` for an unknown name
 */
export async function selectDrills(names: readonly string[]): Promise<SelectedDrill[]> {
  const files = await findDrillFiles();
  if (names.length === 0) return (await Promise.all(files.map(loadDrills))).flat();
  const chosen = new Map<string, SelectedDrill>();
  for (const name of names) {
    const file = files.find((one) => one.name === name || name.startsWith(`${one.name}.`));
    const here = file ? await loadDrills(file) : [];
    const meant = here.filter((one) => file?.name === name || one.name === name);
    if (meant.length === 0)
      throw unknownDrill(
        name,
        [...files, ...here].map((one) => one.name),
      );
    for (const one of meant) chosen.set(one.name, one);
  }
  return [...chosen.values()];
}

/** Returns the drills that the file declares. A file that fails to load is returned as a drill: running it shows the error. */
async function loadDrills({ name: fileName, file }: DrillFile): Promise<SelectedDrill[]> {
  try {
    await import(file);
  } catch {
    return [{ name: fileName, file, images: [] }];
  }
  return declaredDrills()
    .filter((drill) => drill.file === file)
    .map(({ name, plan }) => ({ name, file, images: plan.images ?? [] }));
}

function unknownDrill(name: string, known: readonly string[]): Error {
  const meant = nearestName(name, known);
  return usage(
    `expected the name of a drill (${[...new Set(known)].join(', ')}), got "${name}"`,
    meant ? `Did you mean "${meant}"?` : 'List the drills with `swarm-drill list`.',
  );
}
