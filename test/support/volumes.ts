// For tests of methods that back volumes up: a swarm of one node, a volume with everything that backups get wrong, a service that uses it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inject } from 'vitest';
import { compareFiles } from '../../src/check/files/compare-files.ts';
import type { Entry } from '../../src/check/files/entry.ts';
import { readManifest, type FileManifest } from '../../src/check/files/manifest.ts';
import { outputOf } from '../../src/lab/engine/process.ts';
import type { Volume, VolumeMethod } from '../../src/method/container/volume.ts';
import { FILE_ASPECTS, type Aspect } from '../../src/model/aspect.ts';
import { DrillError } from '../../src/support/errors.ts';
import { waitUntil } from '../../src/support/poll.ts';
import { Scope } from '../../src/support/scope.ts';
import { Site } from '../../src/swarm/site.ts';
import { Swarm } from '../../src/swarm/swarm.ts';

export { readManifest, type FileManifest };

const SEEDER = join(import.meta.dirname, '../../fixtures/ledger/seed-files.py');
const IDLE = 'import signal; signal.signal(signal.SIGTERM, lambda *_: exit(0)); signal.pause()';

export interface TestSite extends AsyncDisposable {
  /** The current swarm. */
  readonly swarm: Swarm;
  readonly volume: (name: string) => Volume;
  /** Destroys the node with its disk, and starts a new one. */
  replaceNode(): Promise<void>;
}

/** Starts a swarm of one node. */
export async function openTestSite(drill: string): Promise<TestSite> {
  const scope = new Scope();
  const site = await Site.open({ lab: inject('lab'), run: `test-${process.pid}`, drill, scope });
  const start = () => Swarm.start(site, { managers: 1, workers: 0 });
  let swarm = await start();
  return {
    get swarm() {
      return swarm;
    },
    volume: (name) => ({ swarm, node: swarm.node('manager-1'), name }),
    async replaceNode() {
      await Promise.all(swarm.nodes.map((node) => node.destroy()));
      swarm = await start();
    },
    [Symbol.asyncDispose]: () => scope[Symbol.asyncDispose](),
  };
}

/** Creates a volume with room for 1 MB. */
export async function createTinyVolume({ node, name }: Volume): Promise<void> {
  const device = `/mnt/${name}`;
  await node.exec(['mkdir', '-p', device]);
  await node.exec(['mount', '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', device]);
  await node.engine.volumes.create({ Name: name, DriverOpts: { type: 'none', o: 'bind', device } });
}

/** Runs a program as root with the volume at /data, and returns its output. */
export async function inVolume(
  { node, name }: Volume,
  argv: readonly string[],
  input?: string,
): Promise<string> {
  const { stdout, stderr, exitCode } = await outputOf(
    await node.startTool({ argv, volumes: { [name]: '/data' }, ...(input === undefined ? {} : { input }) }),
  );
  if (exitCode !== 0) throw new Error(`${argv.join(' ')}: ${stderr}`);
  return stdout;
}

/** Fills the volume with everything that backups get wrong, and reads it back. */
export async function seed(volume: Volume, { files = 40, largeMiB = 2 } = {}): Promise<FileManifest> {
  await inVolume(
    volume,
    ['python3', '-', 'volumes', String(files), String(largeMiB)],
    readFileSync(SEEDER, 'utf8'),
  );
  return readManifest(volume);
}

export interface UserOptions {
  readonly replicas?: number;
  readonly global?: boolean;
  readonly driver?: string;
  /** Waits until it runs. Default true. */
  readonly wait?: boolean;
  readonly labels?: Readonly<Record<string, string>>;
  readonly containerLabels?: Readonly<Record<string, string>>;
}

/** Starts a service whose tasks mount the volume at /srv and do not write to it. */
export async function startUser(
  { swarm, name }: Volume,
  service: string,
  { replicas = 2, global = false, driver, labels = {}, containerLabels = {}, wait = true }: UserOptions = {},
): Promise<void> {
  const { engine } = await swarm.manager();
  await engine.services.create({
    Name: service,
    Labels: { ...labels },
    TaskTemplate: {
      ContainerSpec: {
        Image: swarm.imageOf('toolbox'),
        Command: ['python3', '-c', IDLE],
        Labels: { ...containerLabels },
        Mounts: [
          {
            Type: 'volume',
            Source: name,
            Target: '/srv',
            ...(driver === undefined ? {} : { VolumeOptions: { DriverConfig: { Name: driver } } }),
          },
        ],
      },
      RestartPolicy: { Delay: 0 },
    },
    Mode: global ? { Global: {} } : { Replicated: { Replicas: replicas } },
    EndpointSpec: { Mode: 'dnsrr' },
  } as never);
  if (wait) await swarm.converged();
}

/** Returns mode, labels and number of running containers of a service: what must be the same after a backup. */
export async function stateOf(
  swarm: Swarm,
  service: string,
): Promise<{ mode: unknown; labels: unknown; running: number }> {
  const { engine } = await swarm.manager();
  const { Spec } = (await engine.services.inspect(service)) as {
    Spec: { Mode: unknown; Labels: unknown };
  };
  const running = await swarm.nodes[0]?.engine.containers.list({
    filters: { label: [`com.docker.swarm.service.name=${service}`] },
  });
  return { mode: Spec.Mode, labels: Spec.Labels, running: running?.length ?? 0 };
}

/** Removes the services, and the volume with everything in it. */
export async function destroy({ swarm, node, name }: Volume, ...services: string[]): Promise<void> {
  const { engine } = await swarm.manager();
  for (const service of services) await engine.services.remove(service);
  await waitUntil('the volume to be free', async () => {
    await node.engine.volumes.remove(name);
    return { done: true };
  });
}

/** Returns the finding that `work` throws; throws anything else. */
export async function findingOf(work: Promise<unknown>): Promise<DrillError> {
  const error: unknown = await work.then(
    () => new Error('expected a finding, and it succeeded'),
    (thrown: unknown) => thrown,
  );
  if (error instanceof DrillError && error.blame === 'finding') return error;
  throw error;
}

/** Returns the aspects of the files that differ. */
export async function lostAspects(before: FileManifest, after: FileManifest): Promise<Aspect[]> {
  const { aspects } = await compareFiles(before, after);
  return FILE_ASPECTS.filter((aspect) =>
    aspects.some((seen) => seen.aspect === aspect && seen.mismatched > 0),
  );
}

/** Returns the aspects that a method declares as lost and that these files have: exactly these must differ after its restore. */
export async function expectedLosses(
  { loses }: Pick<VolumeMethod, 'loses'>,
  before: FileManifest,
): Promise<Aspect[]> {
  const { aspects } = await compareFiles(before, before);
  return FILE_ASPECTS.filter(
    (aspect) => loses.includes(aspect) && aspects.some((seen) => seen.aspect === aspect),
  );
}

/** Returns the entry of a path; throws when there is none. */
export async function entryOf(manifest: FileManifest, path: string): Promise<Entry> {
  for await (const entry of manifest) if (entry.path === path) return entry;
  throw new Error(`${path}: no such entry`);
}
