// Writes the templates of a CI system or scheduler into a project.
import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { usage } from '../../support/errors.ts';
import { writeAtomically } from '../../support/write-file.ts';
import { ROOT } from '../project.ts';
import { CI, CI_KINDS, type CiKind } from './kinds.ts';

const TEMPLATES = join(import.meta.dirname, 'templates');

/** Returns the kinds that the project uses already. */
export const detectKinds = (directory: string): CiKind[] =>
  CI_KINDS.filter((kind) => {
    const { sign } = CI[kind];
    return sign !== undefined && existsSync(join(directory, sign));
  });

/** Returns the files of a kind as they are written into the project in `directory`: path and text. */
export async function renderTemplates(kind: CiKind, directory: string): Promise<ReadonlyMap<string, string>> {
  const command = `node ${relative(directory, join(ROOT, 'src/cli/start.mjs'))}`;
  const files = Object.entries(CI[kind].files).map(async ([template, path]) => {
    const text = await readFile(join(TEMPLATES, template), 'utf8');
    const filled = text
      .replaceAll('@COMMAND@', command)
      .replaceAll('@ROOT@', directory)
      .replaceAll('@CRON@', dirname(path));
    return [path, filled] as const;
  });
  return new Map(await Promise.all(files));
}

/**
 * Writes the files of a kind.
 * @returns their paths, relative to `directory`
 * @throws DrillError `usage` if one exists with other contents, unless `force`; nothing is written then
 */
export async function writeTemplates(
  kind: CiKind,
  directory: string,
  { force }: { readonly force: boolean },
): Promise<string[]> {
  const files = await renderTemplates(kind, directory);
  for (const [path, text] of files) {
    const present = await readFile(join(directory, path), 'utf8').catch(() => text);
    if (present !== text && !force)
      throw usage(`${path}: exists with other contents`, 'Pass --force to replace it. Nothing was written.');
  }
  for (const [path, text] of files) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeAtomically(join(directory, path), text);
    if (path.endsWith('.sh')) await chmod(join(directory, path), 0o755);
  }
  return [...files.keys()];
}
