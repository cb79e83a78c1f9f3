// Images in an engine: there already, pulled by their pinned name, or built of Debian packages; and what was used, with digests.
import { createReadStream } from 'node:fs';
import { platform } from 'node:os';
import { DrillError, reasonOf } from '../support/errors.ts';
import { debianImage, DEBIAN_SUITE, recipeKey } from './debian.ts';
import type { Docker } from './engine.ts';
import type { ImageFact, ImageRecipe } from './lab.ts';

/** Engine and CLI, for nodes and, unpacked, for the embedded lab's own engine. */
export const nodeRecipe: ImageRecipe = {
  role: 'node',
  registry: 'docker:28.5.2-dind',
  debian: {
    packages: [
      'docker.io',
      'docker-cli',
      'iptables',
      'ca-certificates',
      'iproute2',
      'procps',
      'mount',
      'netcat-openbsd',
    ],
    changes: ['VOLUME /var/lib/docker'],
  },
};

export const localReference = (recipe: ImageRecipe): string =>
  `swarm-drill/${recipe.role}:${recipeKey(recipe)}`;

const builtOf = (recipe: ImageRecipe): string =>
  `Debian ${DEBIAN_SUITE} packages: ${recipe.debian.packages.join(', ')}`;

/**
 * Sees that the engine has the image.
 * @param prefer `registry` asks the registry first; `debian` never does (an engine that can't reach one)
 * @throws DrillError `no-image` naming everything that was tried
 */
export async function ensureImage(
  docker: Docker,
  recipe: ImageRecipe,
  prefer: 'registry' | 'debian',
  progress: (doing: string) => void,
): Promise<ImageFact> {
  const tried: string[] = [];
  if (prefer === 'registry') {
    const pulled = await inspect(docker, recipe.registry);
    if (pulled)
      return {
        role: recipe.role,
        reference: recipe.registry,
        digest: pulled.RepoDigests[0] ?? pulled.Id,
        source: 'registry',
      };
  }
  const built = await inspect(docker, localReference(recipe));
  if (built)
    return {
      role: recipe.role,
      reference: localReference(recipe),
      digest: built.Id,
      source: builtOf(recipe),
    };

  if (prefer === 'registry') {
    progress(`pulling ${recipe.registry}`);
    try {
      await pull(docker, recipe.registry);
      return await ensureImage(docker, recipe, prefer, progress);
    } catch (error) {
      tried.push(`pulling ${recipe.registry}: ${reasonOf(error)}`);
    }
  }
  if (platform() === 'linux' && process.getuid?.() === 0) {
    try {
      await importTar(docker, recipe, await debianImage(recipe, progress));
      return await ensureImage(docker, recipe, 'debian', progress);
    } catch (error) {
      tried.push(`building it of Debian packages: ${reasonOf(error)}`);
    }
  } else tried.push('building it of Debian packages: that needs root on Linux');
  throw new DrillError(`the ${recipe.role} image can't be had: ${tried.join('; ')}`, {
    code: 'no-image',
    hint: `pull ${recipe.registry} into this engine yourself, or run as root on Debian or Ubuntu`,
  });
}

async function inspect(docker: Docker, reference: string) {
  try {
    return await docker.getImage(reference).inspect();
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return undefined;
    throw error;
  }
}

async function pull(docker: Docker, reference: string): Promise<void> {
  const stream = await docker.pull(reference);
  await settled(docker, stream);
}

async function importTar(docker: Docker, recipe: ImageRecipe, tar: string): Promise<void> {
  const [repo, tag] = localReference(recipe).split(':') as [string, string];
  const stream = await docker.importImage(createReadStream(tar), {
    repo,
    tag,
    changes: [...(recipe.debian.changes ?? [])],
  });
  await settled(docker, stream);
}

/** The engine answers 200 first and tells of a failure in the stream. */
export async function settled(docker: Docker, stream: NodeJS.ReadableStream): Promise<void> {
  await new Promise<void>((done, fail) => {
    docker.modem.followProgress(stream, (error, lines) => {
      const broken = (lines as { error?: string }[] | undefined)?.find(
        (line) => line.error !== undefined,
      )?.error;
      if (error) fail(error);
      else if (broken !== undefined) fail(new DrillError(broken, { code: 'engine-refused' }));
      else done();
    });
  });
}
