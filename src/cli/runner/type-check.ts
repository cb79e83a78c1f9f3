// Checks the types of drills before they run: Node.js runs TypeScript without a look at its types. What passed is not checked again
// until a file changes, and a check runs while the lab opens.
import { readFile, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { cacheDirectory, keyOf } from '../../lab/image/cache.ts';
import { runProgram } from '../../support/command.ts';
import { DrillError, reasonOf } from '../../support/errors.ts';
import { ROOT } from '../project.ts';

const WORKER = join(import.meta.dirname, 'type-check-worker.ts');
/** What the types of a drill depend on. */
const SOURCES = ['drills', 'fixtures', 'src'];
const SETTINGS = ['package-lock.json', 'tsconfig.json'];

export interface TypeCheck extends Disposable {
  /** Rejects with a DrillError `usage`: file, line and message of each error. */
  readonly passed: Promise<void>;
}

/**
 * Starts the check. It ends when it is disposed.
 * @param files drills, absolute
 * @param print gets the first error as soon as it is known: the lab may take minutes to open
 */
export function startTypeCheck(files: readonly string[], print: (error: string) => void): TypeCheck {
  const stop = new AbortController();
  const passed = checkTypes(files, stop.signal);
  passed.catch((error: unknown) => {
    if (!stop.signal.aborted) print(`types: ${reasonOf(error)}`);
  });
  return { passed, [Symbol.dispose]: () => stop.abort() };
}

async function checkTypes(files: readonly string[], cancelSignal: AbortSignal): Promise<void> {
  const key = await keyOfSources(files);
  const marker = join(cacheDirectory(), 'types', keyOf(ROOT, files));
  if ((await readFile(marker, 'utf8').catch(() => '')) === key) return;
  const errors = JSON.parse(
    await runProgram(process.execPath, [WORKER, ...files], { cancelSignal }),
  ) as string[];
  if (errors.length > 0) throw wrongTypes(errors);
  await mkdir(join(cacheDirectory(), 'types'), { recursive: true });
  await writeFile(marker, key);
}

function wrongTypes(errors: readonly string[]): DrillError {
  const [first = '', ...others] = errors;
  return new DrillError(others.length > 0 ? `${first} (and ${others.length} more)` : first, {
    code: 'usage',
    blame: 'usage',
    ...(others.length > 0 && { output: errors.join('\n') }),
    hint: 'Correct the file, or run it without the check of its types with --no-check. No drill was started.',
  });
}

async function keyOfSources(files: readonly string[]): Promise<string> {
  const found = await Promise.all(SOURCES.map(sourcesIn));
  const paths = [...new Set([...found.flat(), ...files])].sort();
  const texts = [...SETTINGS.map((name) => join(ROOT, name)), ...paths].map(async (path) => [
    relative(ROOT, path),
    await readFile(path, 'utf8'),
  ]);
  return keyOf(await Promise.all(texts));
}

async function sourcesIn(folder: string): Promise<string[]> {
  const names = await readdir(join(ROOT, folder), { recursive: true });
  return names.filter((name) => /\.m?ts$/.test(name)).map((name) => join(ROOT, folder, name));
}
