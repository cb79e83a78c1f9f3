// Looks at this machine: what drills here could prove, what not, and how to mend it. It changes nothing.
import { existsSync, readFileSync } from 'node:fs';
import { readdir, statfs } from 'node:fs/promises';
import { platform, release } from 'node:os';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Engine } from './engine/engine.ts';
import { seconds } from '../support/clock.ts';
import { runProgram } from '../support/command.ts';
import { reasonOf } from '../support/errors.ts';
import { cacheDirectory } from './cache.ts';
import { embeddedObstacle } from './embedded.ts';
import { connect, unreachableReason } from './engine/connect.ts';
import { nodeRecipe } from './images.ts';
import { findEngine } from './open.ts';

export interface Observed {
  readonly subject: string;
  /** `can't`: a lab of this kind is out of reach. `unproven`: drills run, but this stays open. */
  readonly state: 'ok' | "can't" | 'unproven';
  readonly detail: string;
  /** What the reader can do about it. */
  readonly mend?: string;
}

export interface Examination {
  readonly observed: readonly Observed[];
  /** Whether some lab can be had at all. */
  readonly lab: boolean;
}

const NEEDED_BYTES = 6e9;
const REGISTRY_LIMIT = seconds(10);

/** @param engine the one that the person named; else they are looked for as a run does */
export async function examineMachine(engine?: string): Promise<Examination> {
  const named = engine ?? process.env['DOCKER_HOST'];
  const [engineRows, labRows] = await Promise.all([examineEngine(named), examineEmbeddedLab()]);
  const possible = (rows: readonly Observed[]): boolean => rows.every(({ state }) => state !== "can't");
  const observed = [examineNode(), ...engineRows, ...labRows, ...examineKernel()];
  return { observed, lab: possible(engineRows) || (named === undefined && possible(labRows)) };
}

const examineNode = (): Observed => ({
  subject: 'Node.js',
  state: 'ok',
  detail: `${process.version} on ${platform()} ${process.arch}`,
});

async function examineEngine(named: string | undefined): Promise<Observed[]> {
  const found = named === undefined ? await findEngine() : await ask(named);
  if (found.host === undefined)
    return [
      {
        subject: 'Docker engine',
        state: "can't",
        detail: found.tried.join('; '),
        mend: named
          ? 'start it, or correct --engine or DOCKER_HOST'
          : 'start Docker, or name an engine with --engine',
      },
    ];
  const engine = connect(found.host);
  const { ServerVersion } = await engine.info();
  return [
    { subject: 'Docker engine', state: 'ok', detail: `${ServerVersion} at ${found.host}` },
    await examineRegistry(engine),
  ];
}

async function ask(host: string): Promise<{ host: string | undefined; tried: string[] }> {
  const reason = await unreachableReason(connect(host));
  return reason === undefined ? { host, tried: [] } : { host: undefined, tried: [`${host}: ${reason}`] };
}

/** Asks through the engine, which is who pulls; nothing is downloaded. */
async function examineRegistry(engine: Engine): Promise<Observed> {
  const subject = 'registry';
  try {
    await engine.withLimit(REGISTRY_LIMIT).images.requireInRegistry(nodeRecipe.registry);
    return { subject, state: 'ok', detail: `the engine reaches ${nodeRecipe.registry}` };
  } catch (error) {
    return {
      subject,
      state: 'unproven',
      detail: `the engine can't reach ${nodeRecipe.registry} (${reasonOf(error)}): images are built of Debian packages instead of pinned official ones`,
      mend: 'let the engine reach its registry, or log it in; without root on Linux it is needed',
    };
  }
}

async function examineEmbeddedLab(): Promise<Observed[]> {
  const subject = 'embedded lab';
  const obstacle = embeddedObstacle();
  if (obstacle !== undefined)
    return [
      { subject, state: "can't", detail: obstacle, mend: 'run as root on Debian or Ubuntu, or start Docker' },
    ];
  return [
    { subject, state: 'ok', detail: 'Linux, root' },
    await examineNamespaces(),
    await examineBuilder(),
    await examineDisk(),
    await examineCache(),
  ];
}

async function examineNamespaces(): Promise<Observed> {
  const subject = 'namespaces';
  const kinds = ['mount', 'pid', 'net', 'ipc', 'uts'];
  try {
    await runProgram('unshare', [...kinds.map((kind) => `--${kind}`), '--fork', 'true']);
    return { subject, state: 'ok', detail: kinds.join(', ') };
  } catch (error) {
    return {
      subject,
      state: "can't",
      detail: reasonOf(error),
      mend: 'in a container: start it with --privileged; else install util-linux',
    };
  }
}

async function examineBuilder(): Promise<Observed> {
  const subject = 'mmdebstrap';
  const version = await runProgram('mmdebstrap', ['--version']).catch(() => undefined);
  if (version !== undefined) return { subject, state: 'ok', detail: version };
  const installable = await runProgram('apt-cache', ['show', 'mmdebstrap']).catch(() => '');
  if (installable)
    return { subject, state: 'ok', detail: 'not installed; the first run installs it with apt-get' };
  return {
    subject,
    state: "can't",
    detail: 'not installed, and apt knows no such package: images are built with it',
    mend: 'run apt-get update, then install mmdebstrap (Debian, Ubuntu)',
  };
}

async function examineDisk(): Promise<Observed> {
  const cache = cacheDirectory();
  let existing = cache;
  while (!existsSync(existing)) existing = dirname(existing);
  const { bavail, bsize } = await statfs(existing);
  const detail = `${gigabytes(bavail * bsize)} free for ${cache}, ${gigabytes(NEEDED_BYTES)} needed`;
  const mend = 'make room, or set SWARM_DRILL_CACHE to a directory on another disk';
  return bavail * bsize >= NEEDED_BYTES
    ? { subject: 'disk', state: 'ok', detail }
    : { subject: 'disk', state: "can't", detail, mend };
}

async function examineCache(): Promise<Observed> {
  const names = await readdir(join(cacheDirectory(), 'images')).catch(() => []);
  const images = names.filter((name) => name.endsWith('.tar'));
  const detail =
    images.length > 0 ? images.join(', ') : 'empty: the first run builds the images, which takes minutes';
  return { subject: 'cached images', state: 'ok', detail };
}

/** What the workload needs of the kernel that its nodes run on. */
function examineKernel(): Observed[] {
  if (platform() !== 'linux')
    return [
      {
        subject: 'kernel',
        state: 'unproven',
        detail: "the engine's kernel is not this machine's; drills look for themselves",
      },
    ];
  return [
    kernelPart('overlay', 'CONFIG_OVERLAY_FS', "can't", 'nodes have no storage driver that is fast enough'),
    kernelPart('vxlan', 'CONFIG_VXLAN', 'unproven', 'overlay networks carry no traffic between nodes'),
    kernelPart('ip_vs', 'CONFIG_IP_VS', 'unproven', 'virtual IPs and the routing mesh carry no traffic'),
    existsSync('/sys/fs/cgroup/cgroup.controllers')
      ? { subject: 'cgroups', state: 'ok', detail: 'version 2' }
      : {
          subject: 'cgroups',
          state: 'unproven',
          detail: 'version 1: drills run, but Docker is giving it up',
        },
  ];
}

function kernelPart(
  module: string,
  option: string,
  state: "can't" | 'unproven',
  consequence: string,
): Observed {
  const subject = `kernel: ${module}`;
  if (hasKernelPart(module, option)) return { subject, state: 'ok', detail: `in ${release()}` };
  return {
    subject,
    state,
    detail: `${release()} has none: ${consequence}`,
    mend: `load the module ${module}, or boot a kernel that has it`,
  };
}

/** Loaded, built in, or there to be loaded. */
function hasKernelPart(module: string, option: string): boolean {
  if (existsSync(`/sys/module/${module}`)) return true;
  const modules = join('/lib/modules', release());
  for (const list of ['modules.builtin', 'modules.dep'])
    if (textOf(join(modules, list)).includes(`/${module}.ko`)) return true;
  return new RegExp(`^${option}=[ym]$`, 'm').test(kernelConfig());
}

function kernelConfig(): string {
  if (!existsSync('/proc/config.gz')) return textOf(`/boot/config-${release()}`);
  return gunzipSync(readFileSync('/proc/config.gz')).toString('utf8');
}

const textOf = (path: string): string => (existsSync(path) ? readFileSync(path, 'utf8') : '');
const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;
