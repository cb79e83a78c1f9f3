// Images in an engine: found there, pulled by their pinned name, or built from Debian packages; and what was used, with digests.
import { createReadStream } from 'node:fs';
import { platform } from 'node:os';
import { Readable } from 'node:stream';
import { pack } from 'tar-stream';
import type { Engine } from '../engine/engine.ts';
import { isNotFound } from '../engine/errors.ts';
import { DrillError, reasonOf } from '../../support/errors.ts';
import { debianImage, recipeKey, suiteOf } from './debian.ts';
import type { ImageFact, ImageRecipe, LabFacts } from '../lab.ts';

/**
 * Every backup program, for both ends: containers that mount volumes, and the vault's host. And the programs that damage the network
 * or the disk of a node.
 */
export const toolsRecipe: ImageRecipe = {
  role: 'tools',
  registry: { base: 'debian:trixie-slim' },
  debian: {
    packages: [
      'age',
      'acl',
      'attr',
      'borgbackup',
      'e2fsprogs',
      'git',
      'iproute2',
      'iptables',
      'openssh-client',
      'openssh-server',
      'openssl',
      'python3',
      'restic',
      'rsync',
      'socat',
      'zstd',
    ],
  },
};

/** Python and GNU tar with attributes and ACLs, for helper containers that read and fill volumes, and for workloads. */
export const toolboxRecipe: ImageRecipe = {
  role: 'toolbox',
  registry: 'python:3.13-slim-trixie',
  debian: { packages: ['python3', 'tar', 'attr', 'acl'], changes: ['CMD ["python3"]'] },
};

/** An S3-compatible store, for vaults that are to have one: OpenStack Swift. */
export const objectStoreRecipe: ImageRecipe = {
  role: 'object-store',
  registry: { base: 'debian:trixie-slim' },
  debian: { packages: ['swift-account', 'swift-container', 'swift-object', 'swift-proxy'] },
};

export const localReference = (recipe: ImageRecipe): string =>
  `swarm-drill/${recipe.role}:${recipeKey(recipe)}`;

/** Returns the reference where a registry is available: the official image, or what is built on one. */
const registryReference = (recipe: ImageRecipe): string =>
  typeof recipe.registry === 'string'
    ? recipe.registry
    : `swarm-drill/${recipe.role}-on-${recipe.registry.base.replaceAll(/\W/g, '-')}:${recipeKey(recipe)}`;

export const builtOf = (recipe: ImageRecipe): string =>
  `Debian ${suiteOf(recipe)} packages: ${recipe.debian.packages.join(', ')}`;

/**
 * Makes sure that the engine has the image.
 * @param prefer `registry` asks the registry first; `debian` never does (an engine that can't reach one)
 * @throws DrillError `no-image` naming everything that was tried
 */
export async function ensureImage(
  engine: Engine,
  recipe: ImageRecipe,
  prefer: 'registry' | 'debian',
  progress: (doing: string) => void,
): Promise<ImageFact> {
  const tried: string[] = [];
  if (prefer === 'registry') {
    const reference = registryReference(recipe);
    const pulled = await inspect(engine, reference);
    if (pulled)
      return {
        role: recipe.role,
        reference,
        digest: pulled.RepoDigests[0] ?? pulled.Id,
        source:
          typeof recipe.registry === 'string'
            ? 'registry'
            : `registry: ${recipe.registry.base}, and on it ${builtOf(recipe)}`,
        origin: 'registry',
      };
  }
  const built = await inspect(engine, localReference(recipe));
  if (built)
    return {
      role: recipe.role,
      reference: localReference(recipe),
      digest: built.Id,
      source: builtOf(recipe),
      origin: 'debian',
    };

  if (prefer === 'registry') {
    const base = typeof recipe.registry === 'string' ? recipe.registry : recipe.registry.base;
    progress(`pulling ${base}`);
    try {
      await engine.images.pull(base);
      if (typeof recipe.registry !== 'string') {
        progress(`building the ${recipe.role} image on ${base}`);
        await buildOn(engine, base, recipe);
      }
      return await ensureImage(engine, recipe, prefer, progress);
    } catch (error) {
      tried.push(`pulling ${base}: ${reasonOf(error)}`);
    }
  }
  if (canBuildImages()) {
    try {
      const tar = createReadStream(await debianImage(recipe, progress));
      await engine.images.import(localReference(recipe), tar, recipe.debian.changes);
      return await ensureImage(engine, recipe, 'debian', progress);
    } catch (error) {
      tried.push(`building it from Debian packages: ${reasonOf(error)}`);
    }
  } else tried.push('building it from Debian packages: needs root on Linux');
  throw new DrillError(`no ${recipe.role} image available: ${tried.join('; ')}`, {
    code: 'no-image',
    hint: `Load ${registryReference(recipe)} into this engine, or run as root on Debian or Ubuntu.`,
  });
}

/** Whether this program can build images from Debian packages. */
export const canBuildImages = (): boolean => platform() === 'linux' && process.getuid?.() === 0;

/** Whether the engine has the image, from a registry or built. */
export const hasImage = async (engine: Engine, recipe: ImageRecipe): Promise<boolean> =>
  (await inspect(engine, registryReference(recipe))) !== undefined ||
  (await inspect(engine, localReference(recipe))) !== undefined;

async function inspect(engine: Engine, reference: string) {
  try {
    return await engine.images.inspect(reference);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** Builds the same packages, files and settings on an official image. */
async function buildOn(engine: Engine, base: string, { debian, ...recipe }: ImageRecipe): Promise<void> {
  const hook = (command: string): string => `RUN set -- ""; ${command}`;
  const dockerfile = [
    `FROM ${base}`,
    ...(debian.before ?? []).map(hook),
    `RUN apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends ${debian.packages.join(' ')} && rm -rf /var/lib/apt/lists/*`,
    ...Object.keys(debian.files ?? {}).map((path) => `COPY ${path} /${path}`),
    ...(debian.after ?? []).map(hook),
    ...(debian.changes ?? []),
  ].join('\n');
  const context = pack();
  context.entry({ name: 'Dockerfile' }, `${dockerfile}\n`);
  for (const [path, text] of Object.entries(debian.files ?? {}))
    context.entry({ name: path, mode: 0o755 }, text);
  context.finalize();
  await engine.images.build(registryReference({ ...recipe, debian }), Readable.from(context));
}

/** Returns the reference of the image of that role, as it is in the nodes. @throws DrillError `no-image` */
export function imageReference({ images }: LabFacts, role: string): string {
  const image = images.find((candidate) => candidate.role === role);
  if (image) return image.reference;
  throw new DrillError(
    `no image "${role}" in this lab (it has ${images.map((known) => known.role).join(', ')})`,
    {
      code: 'no-image',
      blame: 'usage',
      hint: `Add the recipe of "${role}" to the images of the drill's plan.`,
    },
  );
}
