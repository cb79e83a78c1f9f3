// Checks what this machine can run, and how to fix problems. It changes nothing.
import { existsSync, readFileSync } from 'node:fs';
import { readdir, statfs } from 'node:fs/promises';
import { platform, release } from 'node:os';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Engine } from './engine/engine.ts';
import { seconds } from '../support/clock.ts';
import { runProgram } from '../support/command.ts';
import { DrillError, reasonOf } from '../support/errors.ts';
import { cacheDirectory } from './image/cache.ts';
import { embeddedObstacle } from './embedded.ts';
import { connect, unreachableReason } from './engine/connect.ts';
import { openEndpoint } from './engine/endpoint.ts';
import { nodeRecipe } from './image/engine-versions.ts';
import { findEngine } from './open.ts';

export interface DoctorRow {
  readonly subject: string;
  /** `can't`: this kind of lab is not available. `unproven`: drills run, but can't prove this. */
  readonly state: 'ok' | "can't" | 'unproven';
  readonly detail: string;
  /** What to do about it. */
  readonly fix?: string;
}

export interface DoctorResult {
  readonly observed: readonly DoctorRow[];
  /** Whether any lab is available. */
  readonly lab: boolean;
}

const NEEDED_BYTES = 6e9;
const REGISTRY_LIMIT = seconds(10);

/** @param engine as given with --engine; default: found as a run finds it */
export async function runDoctor(engine?: string): Promise<DoctorResult> {
  const named = engine ?? process.env['DOCKER_HOST'];
  const [engineRows, labRows] = await Promise.all([checkEngine(named), checkEmbeddedLab()]);
  const possible = (rows: readonly DoctorRow[]): boolean => rows.every(({ state }) => state !== "can't");
  const observed = [checkNode(), ...engineRows, ...labRows, ...checkKernel()];
  return { observed, lab: possible(engineRows) || (named === undefined && possible(labRows)) };
}

const checkNode = (): DoctorRow => ({
  subject: 'Node.js',
  state: 'ok',
  detail: `${process.version} on ${platform()} ${process.arch}`,
});

async function checkEngine(named: string | undefined): Promise<DoctorRow[]> {
  const found = named === undefined ? await findEngine() : await ask(named);
  if (found.host === undefined)
    return [
      {
        subject: 'Docker engine',
        state: "can't",
        detail: found.tried.join('; '),
        fix: named
          ? 'Start it, or correct --engine or DOCKER_HOST.'
          : 'Start Docker, or name an engine with --engine.',
      },
    ];
  await using endpoint = await openEndpoint(found.host);
  const engine = connect(endpoint.host);
  const { ServerVersion } = await engine.info();
  return [
    { subject: 'Docker engine', state: 'ok', detail: `${ServerVersion} at ${found.host}` },
    await checkRegistry(engine),
  ];
}

async function ask(host: string): Promise<{ host: string | undefined; tried: string[] }> {
  const reason = await reasonAgainst(host);
  return reason === undefined ? { host, tried: [] } : { host: undefined, tried: [`${host}: ${reason}`] };
}

/** @throws DrillError `usage` for an address of another form, or an unknown docker context */
async function reasonAgainst(address: string): Promise<string | undefined> {
  try {
    await using endpoint = await openEndpoint(address);
    return await unreachableReason(connect(endpoint.host));
  } catch (error) {
    if (error instanceof DrillError && error.blame === 'usage') throw error;
    return reasonOf(error);
  }
}

/** Asks through the engine, because the engine pulls. Nothing is downloaded. */
async function checkRegistry(engine: Engine): Promise<DoctorRow> {
  const subject = 'registry';
  try {
    await engine.withLimit(REGISTRY_LIMIT).images.requireInRegistry(nodeRecipe.registry);
    return { subject, state: 'ok', detail: `the engine reaches ${nodeRecipe.registry}` };
  } catch (error) {
    return {
      subject,
      state: 'unproven',
      detail: `the engine can't reach ${nodeRecipe.registry} (${reasonOf(error)}): images are built from Debian packages instead of the pinned official ones`,
      fix: 'Give the engine access to its registry, or log in. Required unless you are root on Linux.',
    };
  }
}

async function checkEmbeddedLab(): Promise<DoctorRow[]> {
  const subject = 'embedded lab';
  const obstacle = embeddedObstacle();
  if (obstacle !== undefined)
    return [
      { subject, state: "can't", detail: obstacle, fix: 'Run as root on Debian or Ubuntu, or start Docker.' },
    ];
  return [
    { subject, state: 'ok', detail: 'Linux, root' },
    await checkNamespaces(),
    await checkBuilder(),
    await checkDisk(),
    await checkCache(),
  ];
}

async function checkNamespaces(): Promise<DoctorRow> {
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
      fix: 'In a container, start it with --privileged. Otherwise install util-linux.',
    };
  }
}

async function checkBuilder(): Promise<DoctorRow> {
  const subject = 'mmdebstrap';
  const version = await runProgram('mmdebstrap', ['--version']).catch(() => undefined);
  if (version !== undefined) return { subject, state: 'ok', detail: version };
  const installable = await runProgram('apt-cache', ['show', 'mmdebstrap']).catch(() => '');
  if (installable)
    return { subject, state: 'ok', detail: 'not installed; the first run installs it with apt-get' };
  return {
    subject,
    state: "can't",
    detail: 'not installed, and not in the package lists of apt; images are built with it',
    fix: 'Run apt-get update, then install mmdebstrap (Debian, Ubuntu).',
  };
}

async function checkDisk(): Promise<DoctorRow> {
  const cache = cacheDirectory();
  let existing = cache;
  while (!existsSync(existing)) existing = dirname(existing);
  const { bavail, bsize } = await statfs(existing);
  const detail = `${gigabytes(bavail * bsize)} free for ${cache}, ${gigabytes(NEEDED_BYTES)} needed`;
  const fix = 'Free disk space, or set SWARM_DRILL_CACHE to a directory on another disk.';
  return bavail * bsize >= NEEDED_BYTES
    ? { subject: 'disk', state: 'ok', detail }
    : { subject: 'disk', state: "can't", detail, fix };
}

async function checkCache(): Promise<DoctorRow> {
  const names = await readdir(join(cacheDirectory(), 'images')).catch(() => []);
  const images = names.filter((name) => name.endsWith('.tar'));
  const detail =
    images.length > 0 ? images.join(', ') : 'empty: the first run builds the images, which takes minutes';
  return { subject: 'cached images', state: 'ok', detail };
}

/** What drills need of the kernel that nodes run on. */
function checkKernel(): DoctorRow[] {
  if (platform() !== 'linux')
    return [
      {
        subject: 'kernel',
        state: 'unproven',
        detail: 'the engine runs on another kernel; drills check it themselves',
      },
    ];
  return [
    kernelPart('overlay', 'CONFIG_OVERLAY_FS', "can't", 'nodes need a fast storage driver'),
    kernelPart('vxlan', 'CONFIG_VXLAN', 'unproven', 'overlay networks carry no traffic between nodes'),
    kernelPart('ip_vs', 'CONFIG_IP_VS', 'unproven', 'virtual IPs and the routing mesh carry no traffic'),
    existsSync('/sys/fs/cgroup/cgroup.controllers')
      ? { subject: 'cgroups', state: 'ok', detail: 'version 2' }
      : {
          subject: 'cgroups',
          state: 'unproven',
          detail: 'version 1: drills run, but Docker has deprecated it',
        },
  ];
}

function kernelPart(
  module: string,
  option: string,
  state: "can't" | 'unproven',
  consequence: string,
): DoctorRow {
  const subject = `kernel: ${module}`;
  if (hasKernelPart(module, option)) return { subject, state: 'ok', detail: `in ${release()}` };
  return {
    subject,
    state,
    detail: `missing in ${release()}: ${consequence}`,
    fix: `Load the module ${module}, or boot a kernel that has it.`,
  };
}

/** Loaded, built in, or available as a module. */
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
