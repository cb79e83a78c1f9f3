// Whether services keep their data in volumes that have a name. What is elsewhere is gone when the task is replaced, and is in no backup.
import type { LayerChange, ServiceInspection } from '../../lab/engine/api.ts';
import type { Check } from '../../model/check.ts';
import { count } from '../../support/count.ts';
import type { Swarm } from '../../swarm/swarm.ts';
import { isAnonymous, volumeMountsOf } from './mounted-volumes.ts';
import { listServiceContainers, type ServiceContainer } from './service-containers.ts';
import { readVolumeFacts } from './volume-facts.ts';

export interface DataInVolumesOptions {
  /** Directories whose files may be lost with the task. Default: those for temporary files, caches, logs and settings. */
  readonly ephemeral?: readonly string[];
}

const EPHEMERAL = [
  '/dev',
  '/etc',
  '/proc',
  '/root',
  '/run',
  '/sys',
  '/tmp',
  '/var/cache',
  '/var/log',
  '/var/run',
  '/var/tmp',
];
/** Paths that a sentence names. */
const NAMED = 3;
/** In a volume, root may count everything. */
const ROOT = ['0', '0'];

/**
 * Looks for data outside of named volumes: in volumes that the engine made up, because the service or its image declares a volume
 * without a name (https://github.com/moby/moby/issues/37517), and in files that a task wrote into its own layer, because a mount has
 * another path than the program uses. Ask before the backup, too: what is found then is in no backup.
 */
export const dataInVolumes = (swarm: Swarm, { ephemeral = EPHEMERAL }: DataInVolumesOptions = {}): Check => ({
  name: 'data in named volumes',
  required: true,
  doesNotProve: 'that a backup has these volumes, or that data of tasks that do not run is in one',
  covers: [],
  async observe() {
    const { engine } = await swarm.manager();
    const specs = new Map((await engine.services.list()).map(({ Spec }) => [Spec.Name, Spec]));
    const containers = await listServiceContainers(swarm);
    const differences: string[] = [];
    for (const container of containers) {
      const found = [
        ...(await findAnonymousData(container)),
        ...(await findLayerData(container, specs.get(container.service), ephemeral)),
      ];
      differences.push(...found.map((difference) => `${container.task}: ${difference}`));
    }
    return { compared: containers.length, differences };
  },
});

async function findAnonymousData(container: ServiceContainer): Promise<string[]> {
  const found: string[] = [];
  for (const { Name, Destination } of volumeMountsOf(container).filter(({ Name }) => isAnonymous(Name))) {
    const { entries } = await readVolumeFacts(container, Name, ROOT);
    if (entries > 0)
      found.push(
        `${Destination} is a volume without a name, with ${count(entries, 'file or directory', 'files and directories')}: it is removed with the task`,
      );
  }
  return found;
}

async function findLayerData(
  { node, inspection }: ServiceContainer,
  spec: ServiceInspection['Spec'] | undefined,
  ephemeral: readonly string[],
): Promise<string[]> {
  const mounted = [...inspection.Mounts.map(({ Destination }) => Destination), ...mountedFilesOf(spec)];
  const written = writtenPaths(await node.engine.containers.changes(inspection.Id), [
    ...ephemeral,
    ...mounted,
  ]);
  if (written.length === 0) return [];
  const named = written.slice(0, NAMED).join(', ');
  const more = written.length > NAMED ? ` and ${written.length - NAMED} more` : '';
  return [`${named}${more}: written outside of every volume, and gone when the task is replaced`];
}

/** The engine creates these paths in the layer to mount secrets and configs there. */
function mountedFilesOf(spec: ServiceInspection['Spec'] | undefined): string[] {
  const { Secrets = [], Configs = [] } = spec?.TaskTemplate.ContainerSpec ?? {};
  return [...Secrets, ...Configs].flatMap(({ File }) => (File ? [File.Name] : []));
}

/**
 * Returns the paths that were added or changed, without directories that only lead to them.
 * @param excluded directories and files; so is what leads to them
 */
export function writtenPaths(changes: readonly LayerChange[], excluded: readonly string[]): string[] {
  const isIn = (path: string, directory: string): boolean => `${path}/`.startsWith(`${directory}/`);
  const paths = changes.filter(({ Kind }) => Kind !== 2).map(({ Path }) => Path);
  const parents = new Set(paths.flatMap(parentsOf));
  return paths.filter(
    (path) => !parents.has(path) && !excluded.some((one) => isIn(path, one) || isIn(one, path)),
  );
}

/** `/a/b/c` is in `/a/b` and `/a`. */
function parentsOf(path: string): string[] {
  const names = path.split('/').slice(1, -1);
  return names.map((_, index) => `/${names.slice(0, index + 1).join('/')}`);
}
