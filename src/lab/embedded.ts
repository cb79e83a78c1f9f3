// The embedded lab: a Docker engine in separate namespaces, for machines without one (Linux, root).
// Its parts are cached: image tars, the engine's root file system, and a data root with every image in it, of which each
// lab gets a clone made of hard links.
import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, writeFile } from 'node:fs/promises';
import { platform } from 'node:os';
import { join } from 'node:path';
import { seconds } from '../support/clock.ts';
import { runProgram } from '../support/command.ts';
import { lastLine } from '../support/command-reason.ts';
import { DrillError, reasonOf } from '../support/errors.ts';
import { waitUntil } from '../support/poll.ts';
import { cached, keyOf } from './image/cache.ts';
import { debianImage, debianImages, recipeKey } from './image/debian.ts';
import { cgroupOf, KEPT, removeLab, runningDirectory, sweepEmbedded } from './embedded-homes.ts';
import { connect, unreachableReason } from './engine/connect.ts';
import { ENGINE_VERSIONS, type EngineVersion, nodeRecipe, nodeRecipeOf } from './image/engine-versions.ts';
import { toolsRecipe } from './image/images.ts';
import { ownerOf } from './labels.ts';
import type { Lab, LabOptions, MissingEngine } from './lab.ts';
import { prepare, type Prepared, TEMPLATE_VERSION } from './prepare.ts';
import { cloneTree } from './tree.ts';

const CAPSULE = join(import.meta.dirname, 'capsule.sh');

/** Returns why this machine can't run an embedded lab; undefined when it can. */
export function embeddedObstacle(): string | undefined {
  if (platform() !== 'linux') return `it needs Linux, and this is ${platform()}`;
  if (process.getuid?.() !== 0) return 'it needs root (namespaces, mounts, cgroups)';
  return undefined;
}

/** @throws DrillError with what failed and what to do; nothing is left of the lab then */
export async function openEmbedded({
  images,
  engineVersions = [],
  keep = false,
  progress = () => {},
}: LabOptions): Promise<Lab> {
  await sweepEmbedded();
  const { available, missing } = await buildEngineVersions(engineVersions, progress);
  const key = keyOf(
    TEMPLATE_VERSION,
    await readFile(CAPSULE, 'utf8'),
    [nodeRecipe, toolsRecipe, ...images, ...available.map(nodeRecipeOf)].map(recipeKey),
  );
  const base = await cached(join('labs', key), (path) => build(path, images, available, progress), progress);
  const prepared = JSON.parse(await readFile(join(base, 'prepared.json'), 'utf8')) as Prepared;

  const home = join(runningDirectory(), `${process.pid}-${randomBytes(3).toString('hex')}`);
  await mkdir(home, { recursive: true });
  await writeFile(join(home, 'owner'), ownerOf(process.pid));
  await cloneTree(join(base, 'data'), join(home, 'data'));
  const capsule = await startCapsule({ home, rootfs: join(base, 'rootfs'), data: join(home, 'data'), keep });
  if (keep) {
    await writeFile(join(home, 'owner'), ownerOf(capsule.process.pid ?? 0));
    await writeFile(join(home, KEPT), ownerOf(process.pid));
  }
  return {
    host: capsule.host,
    kind: 'embedded',
    description:
      'embedded lab: an engine in its own process, mount and network namespaces, without a route to anything',
    log: capsule.log,
    ...prepared,
    missingEngines: missing,
    async [Symbol.asyncDispose]() {
      if (keep) return;
      await capsule.kill();
      await removeLab(home);
    },
  };
}

/** Builds before the lab is opened, whose key must not contain what can't be built. */
async function buildEngineVersions(versions: readonly EngineVersion[], progress: (doing: string) => void) {
  const missing: MissingEngine[] = [];
  await Promise.all(
    versions.map((version) =>
      debianImage(nodeRecipeOf(version), progress).catch((error: unknown) =>
        missing.push({ version, reason: reasonOf(error) }),
      ),
    ),
  );
  const isMissing = (version: string): boolean => missing.some((one) => one.version === version);
  // In a fixed order: they are part of the key.
  const available = ENGINE_VERSIONS.filter((version) => versions.includes(version) && !isMissing(version));
  return { available, missing };
}

/** The lab's parts, made once: the engine's root file system, and a data root with every image in it. */
async function build(
  path: string,
  images: LabOptions['images'],
  engineVersions: readonly EngineVersion[],
  progress: (doing: string) => void,
): Promise<void> {
  const recipes = [nodeRecipe, toolsRecipe, ...images];
  const tars = await debianImages(recipes, progress);
  progress('making the embedded lab');
  await mkdir(join(path, 'rootfs'), { recursive: true });
  await mkdir(join(path, 'data'));
  await runProgram('tar', [
    '--extract',
    '--numeric-owner',
    '--file',
    tars[0] as string,
    '--directory',
    join(path, 'rootfs'),
  ]);
  const home = join(runningDirectory(), `${process.pid}-build`);
  await mkdir(home, { recursive: true });
  await writeFile(join(home, 'owner'), ownerOf(process.pid));
  const capsule = await startCapsule({
    home,
    rootfs: join(path, 'rootfs'),
    data: join(path, 'data'),
    keep: false,
  });
  try {
    const prepared = await prepare(connect(capsule.host), {
      workloads: images,
      engineVersions,
      prefer: 'debian',
      progress,
    });
    await capsule.stop();
    await writeFile(join(path, 'prepared.json'), JSON.stringify(prepared, undefined, 2));
  } finally {
    await capsule.kill();
    await removeLab(home);
  }
}

interface Capsule {
  readonly host: string;
  /** Path of what its engine prints. */
  readonly log: string;
  readonly process: ChildProcess;
  /** Shuts the engine down cleanly, so that its data root is complete. */
  stop(): Promise<void>;
  kill(): Promise<void>;
}

async function startCapsule(parts: {
  home: string;
  rootfs: string;
  data: string;
  keep: boolean;
}): Promise<Capsule> {
  const { home, rootfs, data, keep } = parts;
  const socketDirectory = join(home, 'socket');
  await mkdir(socketDirectory, { recursive: true });
  const name = cgroupOf(home);
  const namespaces = ['--mount', '--pid', '--net', '--ipc', '--uts', '--fork', '--kill-child=KILL'];
  const inside = ['unshare', ...namespaces, 'sh', CAPSULE, rootfs, data, socketDirectory, name];
  const [file, args] = keep ? ['unshare', inside.slice(1)] : ['setpriv', ['--pdeathsig', 'KILL', ...inside]];
  // Its output goes to a file: a kept lab outlives this process, and any pipe to it.
  const log = join(home, 'engine.log');
  await using output = await open(log, 'a');
  // In a separate process group: a Ctrl-C of the terminal is for the program, which then shuts the lab down cleanly.
  const child = spawn(file, args, {
    stdio: ['ignore', output.fd, output.fd],
    detached: true,
  });
  const ended = new Promise<void>((done) => child.once('close', () => done()));
  child.once('error', () => undefined);
  child.unref();

  const host = `unix://${join(socketDirectory, 'docker.sock')}`;
  const engine = connect(host);
  const capsule: Capsule = {
    host,
    log,
    process: child,
    async stop() {
      child.ref();
      // unshare's one child is the first process of its namespace, which hands this on to the engine.
      const first = await readFile(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8');
      process.kill(Number(first.trim()), 'SIGTERM');
      await ended;
    },
    async kill() {
      child.ref();
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      await ended;
    },
  };
  const logText = (): Promise<string> => readFile(log, 'utf8').catch(() => '');
  try {
    await waitUntil(
      'the embedded engine',
      async () => {
        if (child.exitCode !== null || child.signalCode !== null)
          return { giveUp: `it exited before it answered: ${lastLine(await logText()) ?? 'no output'}` };
        const reason = await unreachableReason(engine);
        return reason === undefined ? { done: true } : { notYet: reason };
      },
      { limit: seconds(30) },
    );
  } catch (cause) {
    await capsule.kill();
    const output = await logText();
    await removeLab(home);
    throw new DrillError('the embedded engine did not start', {
      code: 'no-engine',
      output,
      hint: 'See its output, or start a Docker engine and name it with --engine.',
      cause,
    });
  }
  return capsule;
}
