// Makes an engine ready for drills: the images, and one template volume in which a node's engine has already unpacked
// the workload's, so that nodes don't each load them again.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { seconds } from '../support/clock.ts';
import { DrillError } from '../support/errors.ts';
import { waitUntil } from '../support/poll.ts';
import { keyOf } from './cache.ts';
import { debianImage } from './debian.ts';
import type { Docker } from './engine/connect.ts';
import { execInContainer, sendInput, startProcess } from './engine/process.ts';
import { builtOf, ensureImage, localReference, nodeRecipe, toolsRecipe } from './images.ts';
import { CACHE_LABEL } from './labels.ts';
import type { ImageFact, ImageRecipe } from './lab.ts';

/** Part of every key: raise it when a template made by older code must not be used. */
export const TEMPLATE_VERSION = 1;
export const NODE_START = join(import.meta.dirname, 'node-start.sh');

/** @throws DrillError `no-image` */
export async function prepare(
  docker: Docker,
  workloads: readonly ImageRecipe[],
  prefer: 'registry' | 'debian',
  progress: (doing: string) => void,
): Promise<{ images: ImageFact[]; template: string }> {
  const node = await ensureImage(docker, nodeRecipe, prefer, progress);
  // The vault's host runs on the outer engine, the other ends of its tools inside the nodes.
  const tools = await ensureImage(docker, toolsRecipe, prefer, progress);
  const images = [node, tools];
  const recipes = new Map<ImageFact, ImageRecipe>([[tools, toolsRecipe]]);
  for (const recipe of workloads) {
    // An engine without a registry never needs the workload's images itself: they go straight into the template.
    const fact =
      prefer === 'debian'
        ? await builtFact(recipe, progress)
        : await ensureImage(docker, recipe, prefer, progress);
    images.push(fact);
    recipes.set(fact, recipe);
  }
  const template = `swarm-drill-template-${keyOf(
    TEMPLATE_VERSION,
    images.map(({ digest }) => digest),
  )}`;
  if (await isWhole(docker, template)) return { images, template };
  progress('unpacking the workload images once, for all nodes');
  await docker
    .getVolume(template)
    .remove({ force: true })
    .catch(() => undefined);
  await docker.createVolume({ Name: template, Labels: { [CACHE_LABEL]: 'template' } });
  const container = await docker.createContainer({
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
    await container.start();
    await waitUntil(
      'the engine that unpacks images',
      async () => ({ done: await execInContainer(docker, container.id, ['docker', 'version']) }),
      { limit: seconds(60) },
    );
    for (const [fact, recipe] of recipes) await loadInto(docker, container.id, fact, recipe, progress);
    await container.stop({ t: 30 });
    await markWhole(docker, template);
  } finally {
    await container.remove({ force: true, v: false }).catch(() => undefined);
  }
  return { images, template };
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
  };
}

async function loadInto(
  docker: Docker,
  container: string,
  fact: ImageFact,
  recipe: ImageRecipe,
  progress: (doing: string) => void,
): Promise<void> {
  const changes = (recipe.debian.changes ?? []).flatMap((change) => ['--change', change]);
  const fromTar = !fact.source.startsWith('registry');
  const argv = fromTar ? ['docker', 'import', ...changes, '-', fact.reference] : ['docker', 'load'];
  const input = fromTar
    ? createReadStream(await debianImage(recipe, progress))
    : ((await docker.getImage(fact.reference).get()) as Readable);
  const loading = await startProcess(docker, container, argv);
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

async function isWhole(docker: Docker, template: string): Promise<boolean> {
  const volume = await docker
    .getVolume(template)
    .inspect()
    .catch(() => undefined);
  return (
    volume !== undefined &&
    (await docker
      .getVolume(`${template}.${MARKER}`)
      .inspect()
      .catch(() => undefined)) !== undefined
  );
}

async function markWhole(docker: Docker, template: string): Promise<void> {
  await docker.createVolume({ Name: `${template}.${MARKER}`, Labels: { [CACHE_LABEL]: 'template' } });
}
