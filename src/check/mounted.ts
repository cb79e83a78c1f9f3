// Compares secrets and configs as a program sees them: the bytes of the mounted files inside a running task.
import { createHmac, randomBytes } from 'node:crypto';
import type { Engine } from '../lab/engine/engine.ts';
import { bytesOf } from '../lab/engine/process.ts';
import type { Objects } from '../swarm/inventory.ts';
import type { Swarm } from '../swarm/swarm.ts';
import type { AspectSeen, Check } from '../model/check.ts';
import { differencesBetween } from './inventory.ts';

/** A random key of this process, so that digests in a report can't be used to guess a password. */
const KEY = randomBytes(32);

interface Mount {
  readonly File?: {
    readonly Name: string;
    readonly UID: string;
    readonly GID: string;
    readonly Mode: number;
  };
  readonly SecretName?: string;
  readonly ConfigName?: string;
}
interface ServiceFact {
  readonly Spec: {
    readonly Name: string;
    readonly TaskTemplate: {
      readonly ContainerSpec?: { readonly Secrets?: Mount[]; readonly Configs?: Mount[] };
    };
  };
}

/**
 * Reads every secret and config that a service mounts, in a running task of the service.
 * @returns keyed digests by path and service; where a file can't be read, the reason
 */
export async function readMountedFiles(swarm: Swarm): Promise<Objects> {
  const { engine } = await swarm.manager();
  const services = (await engine.services.list()) as unknown as ServiceFact[];
  return Object.fromEntries((await Promise.all(services.map((one) => mountsOf(swarm, one)))).flat());
}

async function mountsOf(swarm: Swarm, { Spec }: ServiceFact): Promise<[file: string, digest: string][]> {
  const spec = Spec.TaskTemplate.ContainerSpec ?? {};
  const paths = [...(spec.Secrets ?? []), ...(spec.Configs ?? [])].filter(({ File }) => File).map(pathOf);
  if (paths.length === 0) return [];
  const task = await swarm.taskContainer(Spec.Name).catch(() => undefined);
  return Promise.all(
    paths.map(async (path) => [
      `${path} in ${Spec.Name}`,
      task ? await digestOf(task.node.engine, task.id, path) : 'no task runs',
    ]),
  );
}

/** Without an absolute path, secrets are mounted in /run/secrets and configs in the root. */
function pathOf({ File, SecretName }: Mount): string {
  const name = File?.Name ?? '';
  if (name.startsWith('/')) return name;
  return SecretName === undefined ? `/${name}` : `/run/secrets/${name}`;
}

async function digestOf(engine: Engine, container: string, path: string): Promise<string> {
  const { bytes, exitCode, stderr } = await bytesOf(
    await engine.containers.startProcess(container, ['cat', path], { user: '0' }),
  );
  if (exitCode !== 0) return `unreadable: exit code ${exitCode}, ${stderr.trim()}`;
  // Neither a secret nor a config can be empty: the engine refuses to create one.
  if (bytes.length === 0) return 'empty';
  return createHmac('sha256', KEY).update(bytes).digest('hex');
}

/** Compares the secrets and configs inside one task of each service with `baseline`, byte by byte. */
export const mountedFilesMatch = (swarm: Swarm, baseline: Objects): Check => ({
  name: 'mounted files match',
  required: true,
  doesNotProve: 'the values of secrets that no running service mounts',
  covers: ['secret values', 'configs'],
  async observe() {
    const now = await readMountedFiles(swarm);
    const readable = Object.entries(baseline).filter(
      ([, value]) => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value),
    );
    const before = Object.fromEntries(readable);
    const after = Object.fromEntries(
      Object.entries(now).filter(([name]) => name in before || !(name in baseline)),
    );
    const differences = differencesBetween('mounted file', before, after).map((line) =>
      // Two digests mean nothing to a reader; the reason why there is none does.
      line.replace(/: was "[0-9a-f]{64}", is "[0-9a-f]{64}"$/, ': its bytes differ'),
    );
    return { compared: readable.length, differences, aspects: aspectsOf(before, after) };
  },
});

function aspectsOf(before: Objects, after: Objects): AspectSeen[] {
  const secret = (name: string): boolean => name.startsWith('/run/secrets/');
  const of = (aspect: AspectSeen['aspect'], belongs: (name: string) => boolean): AspectSeen => {
    const mine = Object.keys(before).filter(belongs);
    return {
      aspect,
      compared: mine.length,
      mismatched: mine.filter((name) => before[name] !== after[name]).length,
    };
  };
  return [of('secret values', secret), of('config values', (name) => !secret(name))];
}
