// Finds the drills: each file is drills/<name>.drill.ts, or any other below the project's root that is named by its path.
import { readdir } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';
import { declaredDrills } from '../../drill/registry.ts';
import type { Drill } from '../../drill/plan.ts';
import { describeError, DrillError, reasonOf, usage } from '../../support/errors.ts';
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

/**
 * Returns the drills with these names, in this order, or every drill without names. The name of a file, or its path, selects all its
 * drills.
 * @throws DrillError `usage` for an unknown name, or a file that can't be loaded
 */
export async function selectDrills(names: readonly string[]): Promise<Drill[]> {
  const files = await findDrillFiles();
  if (names.length === 0) return (await Promise.all(files.map(loadDrills))).flat();
  const chosen = new Map<string, Drill>();
  for (const name of names) {
    const path = fileAt(name);
    const file = path ?? files.find((one) => one.name === name || name.startsWith(`${one.name}.`));
    const here = file ? await loadDrills(file) : [];
    const meant = here.filter((one) => path || file?.name === name || one.name === name);
    if (meant.length === 0)
      throw unknownDrill(
        name,
        [...files, ...here].map((one) => one.name),
      );
    for (const one of meant) chosen.set(one.name, one);
  }
  return [...chosen.values()];
}

/** Returns the file if the name is the path of one. */
function fileAt(name: string): DrillFile | undefined {
  const file = resolve(name);
  if (!name.endsWith(SUFFIX) || !existsSync(file)) return undefined;
  if (relative(ROOT, file).startsWith('..'))
    throw usage(`expected a drill below ${ROOT}, got "${name}"`, 'Move the file to drills/.');
  return { name: basename(file, SUFFIX), file };
}

/** Returns the drills that the file declares. @throws DrillError `usage` for a file that can't be loaded or declares none */
export async function loadDrills({ file }: DrillFile): Promise<Drill[]> {
  try {
    await import(file);
  } catch (cause) {
    if (cause instanceof DrillError && cause.blame === 'usage') throw cause;
    throw new DrillError(`${relative(process.cwd(), file)} can't be loaded: ${reasonOf(cause)}`, {
      code: 'usage',
      blame: 'usage',
      output: describeError(cause),
      hint: 'Correct the file. Nothing was started.',
      cause,
    });
  }
  const drills = declaredDrills().filter((drill) => drill.file === file);
  if (drills.length === 0)
    throw usage(
      `${relative(process.cwd(), file)} declares no drill`,
      'Export `drill(title, plan)` from it; docs/writing-drills.md is a tutorial.',
    );
  return drills;
}

function unknownDrill(name: string, known: readonly string[]): Error {
  const meant = nearestName(name, known);
  return usage(
    `expected the name of a drill (${[...new Set(known)].join(', ')}), got "${name}"`,
    meant ? `Did you mean "${meant}"?` : 'List the drills with `swarm-drill list`.',
  );
}
