// Compares secrets and configs as a program sees them: the bytes of the mounted files inside a running task.
import { createHmac, randomBytes } from 'node:crypto';
import type { SecretOrConfig, ServiceInspection } from '../lab/engine/api.ts';
import type { Engine } from '../lab/engine/engine.ts';
import { bytesOf } from '../lab/engine/process.ts';
import type { Objects } from '../swarm/inventory.ts';
import type { Swarm } from '../swarm/swarm.ts';
import type { AspectSeen, Check } from '../model/check.ts';
import { differencesBetween } from './inventory.ts';
import { renderTemplate, taskFacts, withoutTaskFacts, type TaskFacts } from './rendered-template.ts';

/** A random key of this process, so that digests in a report can't be used to guess a password. */
const KEY = randomBytes(32);
const digestOf = (bytes: Buffer | string): string => createHmac('sha256', KEY).update(bytes).digest('hex');

interface MountedFile {
  readonly path: string;
  readonly object: SecretOrConfig | undefined;
}

interface RunningTask {
  readonly engine: Engine;
  readonly id: string;
  readonly facts: TaskFacts;
}

/**
 * Reads every secret and config that a service mounts, in a running task of the service.
 * @returns keyed digests by path and service; where a file can't be read, the reason
 */
export async function readMountedFiles(swarm: Swarm): Promise<Objects> {
  const { engine } = await swarm.manager();
  const objects = new Map<string, SecretOrConfig>();
  for (const one of [...(await engine.secrets.list()), ...(await engine.configs.list())])
    objects.set(one.ID, one);
  const services = await engine.services.list();
  return Object.fromEntries(
    (await Promise.all(services.map((one) => digestsOf(swarm, one, objects)))).flat(),
  );
}

async function digestsOf(
  swarm: Swarm,
  { Spec }: ServiceInspection,
  objects: ReadonlyMap<string, SecretOrConfig>,
): Promise<[file: string, digest: string][]> {
  const { Secrets = [], Configs = [] } = Spec.TaskTemplate.ContainerSpec ?? {};
  const files: MountedFile[] = [
    ...Secrets.filter(({ File }) => File).map(({ SecretID, File }) => ({
      path: pathOf('/run/secrets/', File?.Name ?? ''),
      object: objects.get(SecretID),
    })),
    ...Configs.filter(({ File }) => File).map(({ ConfigID, File }) => ({
      path: pathOf('/', File?.Name ?? ''),
      object: objects.get(ConfigID),
    })),
  ];
  if (files.length === 0) return [];
  const task = await firstTask(swarm, Spec.Name);
  return Promise.all(
    files.map(async (file) => [
      `${file.path} in ${Spec.Name}`,
      task ? await readDigest(task, file) : 'no task runs',
    ]),
  );
}

/** Without an absolute path, secrets are mounted in /run/secrets and configs in the root. */
const pathOf = (directory: string, name: string): string => (name.startsWith('/') ? name : directory + name);

/** Returns the running task with the lowest slot, so that two calls look at the same one. */
async function firstTask(swarm: Swarm, service: string): Promise<RunningTask | undefined> {
  const filters = { label: [`com.docker.swarm.service.name=${service}`], status: ['running'] };
  const tasks = await Promise.all(
    swarm.nodes.map(async ({ engine, name }) =>
      // A node that does not answer runs no task that could be looked at.
      (await engine.containers.list({ filters }).catch(() => [])).map(({ Id, Labels }) => ({
        engine,
        id: Id,
        facts: taskFacts(Labels, name),
      })),
    ),
  );
  const slot = ({ facts }: RunningTask): number => Number(facts['Task.Slot']) || 0;
  return tasks.flat().sort((a, b) => slot(a) - slot(b))[0];
}

async function readDigest(
  { engine, id, facts }: RunningTask,
  { path, object }: MountedFile,
): Promise<string> {
  const { bytes, exitCode, stderr } = await bytesOf(
    await engine.containers.startProcess(id, ['cat', path], { user: '0' }),
  );
  if (exitCode !== 0) return `unreadable: exit code ${exitCode}, ${stderr.trim()}`;
  // Neither a secret nor a config can be empty: the engine refuses to create one.
  if (bytes.length === 0) return 'empty';
  const { Templating, Data } = object?.Spec ?? {};
  if (!Templating) return digestOf(bytes);
  const source = Buffer.from(Data ?? '', 'base64');
  const rendered = Data === undefined ? undefined : renderTemplate(source, facts);
  if (rendered === undefined) return digestOf(withoutTaskFacts(bytes, facts));
  return rendered.equals(bytes) ? digestOf(source) : 'not what its template renders in this task';
}

const isDigest = (value: unknown): boolean => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);

/** Compares the secrets and configs inside one task of each service with `baseline`, byte by byte. */
export const mountedFilesMatch = (swarm: Swarm, baseline: Objects): Check => ({
  name: 'mounted files match',
  required: true,
  doesNotProve:
    'the values of secrets that no running service mounts; of a templated secret, what depends on the number of its task',
  covers: ['secret values', 'configs'],
  async observe() {
    const now = await readMountedFiles(swarm);
    const before = Object.fromEntries(Object.entries(baseline).filter(([, value]) => isDigest(value)));
    const after = Object.fromEntries(
      Object.entries(now).filter(([name]) => name in before || !(name in baseline)),
    );
    const differences = differencesBetween('mounted file', before, after).map((line) =>
      // Two digests mean nothing to a reader; the reason why there is none does.
      line.replace(/: was "[0-9a-f]{64}", is "[0-9a-f]{64}"$/, ': its bytes differ'),
    );
    const compared = Object.keys(before).length;
    const excluded = Object.entries(baseline).filter(([, value]) => !isDigest(value));
    return {
      compared,
      differences,
      aspects: aspectsOf(before, after),
      ...(excluded.length > 0 && compared > 0 && differences.length === 0
        ? { detail: `${compared} compared, all equal; not compared: ${listReasons(excluded)}` }
        : {}),
    };
  },
});

const listReasons = (files: readonly (readonly [name: string, reason: unknown])[]): string =>
  files.map(([name, reason]) => `${name} (${String(reason)})`).join(', ');

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
