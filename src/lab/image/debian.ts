// Images without a registry: a root file system built from Debian packages, as a tar that an engine can import.
import { mkdtemp, rm, writeFile, mkdir } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { runProgram } from '../../support/command.ts';
import { DrillError } from '../../support/errors.ts';
import { withLock } from '../../support/lock.mjs';
import { cacheDirectory, cached, keyOf } from './cache.ts';
import type { ImageRecipe } from '../lab.ts';

export const DEBIAN_SUITE = 'trixie';

/** The unstable release has no end of validity that means anything: a mirror that stands still has an index that is past it. */
const UNSTABLE = 'sid';

/** Documentation, translations and package lists are a third of a small Debian. */
const SLIM = [
  '--dpkgopt=path-exclude=/usr/share/doc/*',
  '--dpkgopt=path-exclude=/usr/share/man/*',
  '--dpkgopt=path-exclude=/usr/share/locale/*',
  '--dpkgopt=path-exclude=/usr/share/i18n/locales/cns11643*',
];

export const suiteOf = ({ debian }: Pick<ImageRecipe, 'debian'>): string => debian.suite ?? DEBIAN_SUITE;

export const recipeKey = (recipe: ImageRecipe): string => keyOf(DEBIAN_SUITE, SLIM, recipe.debian);

/**
 * Returns the path of the tar of `recipe`'s root file system; builds it when it is not in the cache. Needs root.
 * @throws DrillError `no-debian-tools`, `command-failed`
 */
export function debianImage(recipe: ImageRecipe, progress: (doing: string) => void): Promise<string> {
  const name = join('images', `${recipe.role}-${recipeKey(recipe)}.tar`);
  return cached(
    name,
    async (path) => {
      await installBuilder(progress);
      progress(`building the ${recipe.role} image from Debian packages`);
      await build(recipe, path);
    },
    progress,
  );
}

/** Returns the paths of the tars of `recipes`, in their order; each build keeps one processor busy, so as many run at once as there are processors. */
export async function debianImages(
  recipes: readonly ImageRecipe[],
  progress: (doing: string) => void,
): Promise<string[]> {
  const tars: string[] = [];
  const left = recipes.entries();
  const workers = Array.from({ length: availableParallelism() }, async () => {
    for (const [index, recipe] of left) tars[index] = await debianImage(recipe, progress);
  });
  // When one fails, the others end first, so that nothing is still being built when the error is thrown.
  for (const ended of await Promise.allSettled(workers)) if (ended.status === 'rejected') throw ended.reason;
  return tars;
}

async function build({ debian }: ImageRecipe, path: string): Promise<void> {
  const suite = suiteOf({ debian });
  const overlay = await mkdtemp(join(tmpdir(), 'swarm-drill-image-'));
  try {
    for (const [name, text] of Object.entries(debian.files ?? {})) {
      const file = join(overlay, name);
      await mkdir(dirname(file), { recursive: true, mode: 0o755 });
      await writeFile(file, text, { mode: 0o755 });
    }
    await runProgram(
      'mmdebstrap',
      [
        '--quiet',
        '--variant=minbase',
        '--format=tar',
        ...SLIM,
        `--include=${debian.packages.join(',')}`,
        ...(debian.before ?? []).map((command) => `--essential-hook=${command}`),
        ...(debian.after ?? []).map((command) => `--customize-hook=${command}`),
        ...(debian.files ? [`--customize-hook=cp -r --no-preserve=ownership ${overlay}/. "$1"/`] : []),
        ...(suite === UNSTABLE ? ['--aptopt=Acquire::Check-Valid-Until "false"'] : []),
        suite,
        path,
      ],
      {
        hint: 'Check that Debian packages can be installed here (apt-get update), or name an engine with --engine.',
      },
    );
  } finally {
    await rm(overlay, { recursive: true, force: true });
  }
}

/** One install at a time: dpkg has its own lock, and fails instead of waiting. */
async function installBuilder(progress: (doing: string) => void): Promise<void> {
  await withLock(join(cacheDirectory(), 'apt'), async () => {
    const there = await runProgram('mmdebstrap', ['--version']).catch(() => undefined);
    if (there !== undefined) return;
    progress('installing mmdebstrap');
    const env = { DEBIAN_FRONTEND: 'noninteractive' };
    try {
      await runProgram('apt-get', ['update', '-q'], { env });
      await runProgram(
        'apt-get',
        ['install', '-q', '-y', '--no-install-recommends', 'mmdebstrap', 'debian-archive-keyring'],
        { env },
      );
    } catch (cause) {
      throw new DrillError('mmdebstrap could not be installed; the embedded lab builds its images with it', {
        code: 'no-debian-tools',
        hint: 'Install mmdebstrap (Debian, Ubuntu), or start a Docker engine and name it with --engine.',
        cause,
      });
    }
  });
}
