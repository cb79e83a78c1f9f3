// Makes an engine ready for drills: the images, and one template volume in which a node's engine has already unpacked
// the workload's, so that nodes don't each load them again.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Engine } from './engine/engine.ts';
import { seconds } from '../support/clock.ts';
import { DrillError, reasonOf, usage } from '../support/errors.ts';
import { waitUntil } from '../support/poll.ts';
import { keyOf } from './image/cache.ts';
import { debianImage } from './image/debian.ts';
import { execInContainer, sendInput } from './engine/process.ts';
import { type EngineVersion, nodeRecipe, nodeRecipeOf, nodeRole } from './image/engine-versions.ts';
import {
  builtOf,
  canBuildImages,
  ensureImage,
  hasImage,
  localReference,
  toolboxRecipe,
  toolsRecipe,
} from './image/images.ts';
import { CACHE_LABEL } from './labels.ts';
import type { ImageFact, ImageRecipe, LabFacts, MissingEngine } from './lab.ts';

/** Part of every key: raise it when a template made by older code must not be used. */
export const TEMPLATE_VERSION = 1;
export const NODE_START = join(import.meta.dirname, 'node-start.sh');

export interface PrepareOptions {
  /** The images that the drills need, in addition to those that nodes and helpers run. */
  readonly workloads: readonly ImageRecipe[];
  /** The engine versions of nodes that the drills need, in addition to the lab's own. */
  readonly engineVersions: readonly EngineVersion[];
  readonly prefer: 'registry' | 'debian';
  readonly progress: (doing: string) => void;
}

export type Prepared = Required<Pick<LabFacts, 'images' | 'template' | 'missingEngines'>>;

/**
 * Prepares the images and the template.
 * @throws DrillError `no-image`, but not for the image of another engine version; `usage` if two images have the same role
 */
export async function prepare(
  engine: Engine,
  { workloads, engineVersions, prefer, progress }: PrepareOptions,
): Promise<Prepared> {
  const node = await ensureImage(engine, nodeRecipe, prefer, progress);
  // The vault's host runs on the outer engine, the other ends of its tools inside the nodes.
  const tools = await ensureImage(engine, toolsRecipe, prefer, progress);
  const images = [node, tools];
  const hasNoRegistry = images.every(({ origin }) => origin === 'debian') && canBuildImages();
  const recipes = new Map<ImageFact, ImageRecipe>([[tools, toolsRecipe]]);
  for (const recipe of inTemplate(workloads)) {
    // An engine without a registry never needs the workload's images itself: they go straight into the template.
    const isDirect = prefer === 'debian' || (hasNoRegistry && !(await hasImage(engine, recipe)));
    const fact = isDirect
      ? await builtFact(recipe, progress)
      : await ensureImage(engine, recipe, prefer, progress);
    images.push(fact);
    recipes.set(fact, recipe);
  }
  const template = `swarm-drill-template-${keyOf(
    TEMPLATE_VERSION,
    images.map(({ digest }) => digest),
  )}`;
  const others = await prepareEngineVersions(engine, engineVersions, prefer, progress);
  const prepared = { images: [...images, ...others.images], template, missingEngines: others.missing };
  if (await isWhole(engine, template)) return prepared;
  progress('unpacking the workload images once, for all nodes');
  await engine.volumes.remove(template, { force: true }).catch(() => undefined);
  await engine.volumes.create({ Name: template, Labels: { [CACHE_LABEL]: 'template' } });
  const container = await engine.containers.create({
    Image: node.reference,
    Hostname: 'template',
    Entrypoint: ['sh', '-c', await readFile(NODE_START, 'utf8')],
    Labels: { [CACHE_LABEL]: 'template' },
    HostConfig: {
      Privileged: true,
      NetworkMode: 'none',
      Tmpfs: { '/run': '' },
      Binds: [`${template}:/var/lib/docker`],
    },
  });
  try {
    await engine.containers.start(container);
    await waitUntil(
      'the engine that unpacks images',
      async () => ({ done: await execInContainer(engine, container, ['docker', 'version']) }),
      { limit: seconds(60) },
    );
    for (const [fact, recipe] of recipes) await loadInto(engine, container, fact, recipe, progress);
    await engine.containers.stop(container, { grace: seconds(30) });
    await markWhole(engine, template);
  } finally {
    await engine.containers.remove(container, { keepVolumes: true }).catch(() => undefined);
  }
  return prepared;
}

/** A version that is not available only matters to the drills that start nodes of it. */
async function prepareEngineVersions(
  engine: Engine,
  versions: readonly EngineVersion[],
  prefer: 'registry' | 'debian',
  progress: (doing: string) => void,
) {
  const images: ImageFact[] = [];
  const missing: MissingEngine[] = [];
  for (const version of versions)
    try {
      const fact = await ensureImage(engine, nodeRecipeOf(version), prefer, progress);
      images.push({ ...fact, role: nodeRole(version) });
    } catch (error) {
      if (!(error instanceof DrillError)) throw error;
      missing.push({ version, reason: reasonOf(error) });
    }
  return { images, missing };
}

/** The recipes of the template without duplicates, in an order that does not depend on the drills: they are part of its name. */
function inTemplate(workloads: readonly ImageRecipe[]): ImageRecipe[] {
  const recipes = new Map<string, ImageRecipe>();
  for (const recipe of [toolboxRecipe, ...workloads]) {
    const { role } = recipe;
    if (recipes.has(role) && !isDeepStrictEqual(recipes.get(role), recipe))
      throw usage(`two different images have the role "${role}"`, 'Give one of the images another role.');
    recipes.set(role, recipe);
  }
  return [...recipes.values()].sort((a, b) => a.role.localeCompare(b.role));
}

async function builtFact(recipe: ImageRecipe, progress: (doing: string) => void): Promise<ImageFact> {
  const tar = await debianImage(recipe, progress);
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(tar)) hash.update(chunk as Buffer);
  return {
    role: recipe.role,
    reference: localReference(recipe),
    digest: `sha256:${hash.digest('hex')}`,
    source: builtOf(recipe),
    origin: 'debian',
  };
}

async function loadInto(
  engine: Engine,
  container: string,
  fact: ImageFact,
  recipe: ImageRecipe,
  progress: (doing: string) => void,
): Promise<void> {
  const changes = (recipe.debian.changes ?? []).flatMap((change) => ['--change', change]);
  const fromTar = fact.origin === 'debian';
  const argv = fromTar ? ['docker', 'import', ...changes, '-', fact.reference] : ['docker', 'load'];
  const input = fromTar
    ? createReadStream(await debianImage(recipe, progress))
    : await engine.images.save(fact.reference);
  const loading = await engine.containers.startProcess(container, argv);
  const fed = sendInput(loading, input);
  loading.io.resume();
  await new Promise((done) => loading.io.once('end', done));
  await fed;
  if ((await loading.exitCode()) !== 0)
    throw new DrillError(`the ${fact.role} image could not be loaded into a node`, {
      code: 'image-load',
      command: argv.join(' '),
      output: loading.stderr(),
    });
}

/** The marker is written last: a template without it was left by a start that was killed. */
const MARKER = 'swarm-drill-template-is-whole';

async function isWhole(engine: Engine, template: string): Promise<boolean> {
  const volume = await engine.volumes.inspect(template).catch(() => undefined);
  return (
    volume !== undefined &&
    (await engine.volumes.inspect(`${template}.${MARKER}`).catch(() => undefined)) !== undefined
  );
}

async function markWhole(engine: Engine, template: string): Promise<void> {
  await engine.volumes.create({ Name: `${template}.${MARKER}`, Labels: { [CACHE_LABEL]: 'template' } });
}
