// What a run's statement is about: every file of the run, and every artifact that its drills made.
import { readdir, readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import type { Run } from '../../report/schema.ts';
import { sha256 } from '../../support/sha256.ts';
import type { Subject } from './statement.ts';

/** With a key: the statement in its bundle. */
export const BUNDLE_FILE = 'evidence.sigstore.json';
/** Without a key: the bare statement. */
export const STATEMENT_FILE = 'evidence.json';
export const TEST_RESULT_FILE = 'test-result.sigstore.json';
export const ATTESTATIONS = 'attestations';

/** Files that state something about the others, and can't be in their own statement. */
const isStatement = (name: string): boolean =>
  [BUNDLE_FILE, STATEMENT_FILE, TEST_RESULT_FILE].includes(name) || name.startsWith(`${ATTESTATIONS}/`);

/** Returns the files of a run, by path relative to it, separated by `/`, that its statement has to list. */
export async function hashFiles(directory: string): Promise<Subject[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const names = entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)).replaceAll(sep, '/'))
    .filter((name) => !isStatement(name));
  return Promise.all(
    names.map(async (name) => ({ name, digest: { sha256: sha256(await readFile(join(directory, name))) } })),
  );
}

/** Returns the artifacts in the vault. An artifact that a drill wrote several times is listed once for each content. */
export function listArtifacts(run: Run): Subject[] {
  const all = run.drills.flatMap(({ name: drill, artifacts }) =>
    artifacts.map(({ name, sha256: hash }) => ({
      name: `artifact:${drill}/${name}`,
      digest: { sha256: hash },
    })),
  );
  return [...new Map(all.map((one) => [`${one.name} ${one.digest.sha256}`, one])).values()];
}
