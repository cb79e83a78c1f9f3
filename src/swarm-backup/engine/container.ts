// A container that acts as a manager, e.g. a node that `run --keep` left: its engine stops and starts with the container, and
// its data root is reached through a helper that shares its volumes.
import { randomBytes } from 'node:crypto';
import type { ContainerInspection } from '../../lab/engine/api.ts';
import { connect, connectInside, unreachableReason } from '../../lab/engine/connect.ts';
import type { Engine } from '../../lab/engine/engine.ts';
import { isConflict, isNotFound, isNotModified } from '../../lab/engine/errors.ts';
import { OWNER_LABEL, ownerIsAlive, ownerOf, RUN_LABEL } from '../../lab/labels.ts';
import { DrillError, usage } from '../../support/errors.ts';
import type { Scope } from '../../support/scope.ts';
import { containerDataRoot } from './container-data-root.ts';
import { ANSWER_LIMIT, type DataRoot, ENGINE_LIMIT, type Manager, waitUntilAnswering } from './manager.ts';
import { GREETING_LIMIT } from '../../swarm/peers.ts';

export interface ContainerOptions {
  /** The engine that the container runs on. */
  readonly engine: string;
  /** Name or id. */
  readonly node: string;
  /** In the container. */
  readonly dataRoot?: string;
  readonly scope: Scope;
}

/** The manager in the container `id` of `outer`. */
export function containerManager(
  outer: Engine,
  id: string,
  { name, root }: { readonly name: string; readonly root: DataRoot },
): Manager {
  const { containers } = outer;
  const manager: Manager = {
    name,
    engine: connectInside(outer, id).withLimit(ANSWER_LIMIT),
    root,
    startCommand: `docker start ${id}`,
    async addresses() {
      // A stopped container has only the address that was reserved for it.
      const { Networks } = (await containers.inspect(id)).NetworkSettings;
      return Object.values(Networks)
        .flatMap(({ IPAddress, IPAMConfig }) => [IPAddress, IPAMConfig?.IPv4Address ?? ''])
        .filter(Boolean);
    },
    async dial(address, port) {
      const argv = ['nc', '-w', String(GREETING_LIMIT), address, String(port)];
      return (await containers.startProcess(id, argv)).asSocket();
    },
    stop: () => containers.stop(id, { grace: ENGINE_LIMIT }).catch(ignoreNotModified),
    async start() {
      await containers.start(id).catch(ignoreNotModified);
      await waitUntilAnswering(manager);
    },
  };
  return manager;
}

/** @throws DrillError when the engine doesn't answer, there is no such container, or it has no volume for its data root */
export async function openContainerManager(options: ContainerOptions): Promise<Manager> {
  const { engine, node, dataRoot = '/var/lib/docker', scope } = options;
  const outer = connect(engine);
  const reason = await unreachableReason(outer);
  if (reason !== undefined)
    throw new DrillError(`the engine at ${engine} doesn't answer: ${reason}`, {
      code: 'no-engine',
      hint: 'Use --engine to name the engine that the container runs on.',
    });
  const found = await inspect(outer, node);
  const name = found.Name.slice(1);
  const mount = found.Mounts.find(({ Destination }) => Destination === dataRoot);
  if (!mount)
    throw usage(
      `${name} has no volume at ${dataRoot}, so its engine's data would be removed with the container`,
      'Use --data-root to give the path in the container that its engine keeps its data in.',
    );
  const helper = await startHelper(outer, found, scope);
  const paths = { path: dataRoot, localPath: mount.Source };
  const root = containerDataRoot({ engine: outer, helper, mountedAt: dataRoot }, paths);
  return containerManager(outer, found.Id, { name: `the node ${name}`, root });
}

async function inspect(outer: Engine, node: string): Promise<ContainerInspection> {
  try {
    return await outer.containers.inspect(node);
  } catch (cause) {
    if (!isNotFound(cause)) throw cause;
    const names = (await outer.containers.list({ all: true })).map(({ Names }) => Names[0]?.slice(1));
    throw usage(
      `there is no container "${node}" on that engine`,
      `Use one of ${names.join(', ') || 'its containers (it has none)'}, or another --engine.`,
    );
  }
}

/** On a helper: the id of the node whose volumes it holds. */
export const HELPER_LABEL = 'swarm-drill.helper-of';

/** Starts a container that only mounts the node's volumes. @returns its id */
async function startHelper(outer: Engine, node: ContainerInspection, scope: Scope): Promise<string> {
  const filters = { label: [`${HELPER_LABEL}=${node.Id}`] };
  for (const { Id, Labels } of await outer.containers.list({ all: true, filters }))
    // Left by a command that was killed; it would hold the volumes for ever.
    if (!ownerIsAlive(Labels[OWNER_LABEL] ?? ''))
      await outer.containers.remove(Id, { keepVolumes: true }).catch(ignoreGone);
  const name = `swarm-drill-helper-${process.pid}-${randomBytes(3).toString('hex')}`;
  scope.defer('remove the helper', () => outer.containers.remove(name, { keepVolumes: true }));
  const container = await outer.containers.create({
    name,
    Image: node.Image,
    Entrypoint: ['sleep', 'infinity'],
    Labels: {
      [RUN_LABEL]: 'swarm-file',
      [OWNER_LABEL]: ownerOf(process.pid),
      [HELPER_LABEL]: node.Id,
    },
    HostConfig: { VolumesFrom: [node.Id], NetworkMode: 'none' },
  });
  await outer.containers.start(container);
  return container;
}

/** The engine answers 304 when a container already is what it should become. */
function ignoreNotModified(error: unknown): void {
  if (!isNotModified(error)) throw error;
}

/** 404: it is removed; 409: another process is removing it. */
function ignoreGone(error: unknown): void {
  if (!isNotFound(error) && !isConflict(error)) throw error;
}
