// The manager that a container plays, e.g. a node that `run --keep` left: its engine stops and starts with the container, and
// its data root is reached through a helper that shares its volumes.
import { randomBytes } from 'node:crypto';
import type { ContainerInspection } from '../../lab/engine/api.ts';
import type { Engine } from '../../lab/engine/engine.ts';
import { isNotFound, isConflict, isNotModified } from '../../lab/engine/errors.ts';
import { connect, connectInside, unreachableReason } from '../../lab/engine/connect.ts';
import { execInContainer } from '../../lab/engine/process.ts';
import { OWNER_LABEL, ownerIsAlive, ownerOf, RUN_LABEL } from '../../lab/labels.ts';
import { DrillError, usage } from '../../support/errors.ts';
import type { Scope } from '../../support/scope.ts';
import { waitUntilAnswering, type DataRoot, ANSWER_LIMIT, ENGINE_LIMIT, type Manager } from './manager.ts';
import { GREETING_LIMIT } from './peers.ts';

export interface ContainerOptions {
  /** The engine that the container runs on. */
  readonly engine: string;
  /** Name or id. */
  readonly node: string;
  /** In the container. */
  readonly dataRoot?: string;
  readonly scope: Scope;
}

/** @throws DrillError */
export async function openContainerManager(options: ContainerOptions): Promise<Manager> {
  const { engine, node, dataRoot = '/var/lib/docker', scope } = options;
  const outer = connect(engine);
  const reason = await unreachableReason(outer);
  if (reason !== undefined)
    throw new DrillError(`the engine at ${engine} doesn't answer: ${reason}`, {
      code: 'no-engine',
      hint: 'give the engine that the container runs on with --engine',
    });
  const found = await inspect(outer, node);
  const name = found.Name.slice(1);
  const mount = found.Mounts.find(({ Destination }) => Destination === dataRoot);
  if (!mount)
    throw usage(
      `${name} has no volume at ${dataRoot}, so its engine's data would go with the container`,
      'give --data-root, the path in the container that its engine keeps its data in',
    );
  const { containers } = outer;
  const manager: Manager = {
    name: `the node ${name}`,
    engine: connectInside(outer, found.Id).withLimit(ANSWER_LIMIT),
    root: containerDataRoot(outer, await startHelper(outer, found, scope), dataRoot, mount.Source),
    startedBy: `docker start ${name}`,
    async addresses() {
      const { Networks } = (await containers.inspect(found.Id)).NetworkSettings;
      return Object.values(Networks)
        .flatMap(({ IPAddress, IPAMConfig }) => [IPAddress, IPAMConfig?.IPv4Address ?? ''])
        .filter(Boolean);
    },
    async dial(address, port) {
      const words = ['nc', '-w', String(GREETING_LIMIT), address, String(port)];
      return (await outer.containers.startProcess(found.Id, words)).asSocket();
    },
    stop: () => containers.stop(found.Id, { grace: ENGINE_LIMIT }).catch(ignoreNotModified),
    async start() {
      await containers.start(found.Id).catch(ignoreNotModified);
      await waitUntilAnswering(manager);
    },
  };
  return manager;
}

async function inspect(outer: Engine, node: string): Promise<ContainerInspection> {
  try {
    return await outer.containers.inspect(node);
  } catch (cause) {
    if (!isNotFound(cause)) throw cause;
    const names = (await outer.containers.list({ all: true })).map(({ Names }) => Names[0]?.slice(1));
    throw usage(
      `there is no container "${node}" on that engine`,
      `give one of ${names.join(', ') || 'its containers; it has none'}; or another --engine`,
    );
  }
}

/** On a helper: the id of the node whose volumes it holds. */
const HELPER_LABEL = 'swarm-drill.helper-of';

/** A container that does nothing but hold the node's volumes, whether the node runs or not. */
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

function containerDataRoot(outer: Engine, helper: string, path: string, source: string): DataRoot {
  const at = (name: string): string => `${path}/${name}`;
  const ask = (script: string, words: readonly string[], input?: string): Promise<string> =>
    execInContainer(
      outer,
      helper,
      ['sh', '-euc', script, 'sh', ...words],
      input === undefined ? {} : { input },
    );
  const run = async (...words: Parameters<typeof ask>): Promise<void> => {
    await ask(...words);
  };
  const has = async (name: string): Promise<boolean> =>
    (await ask('if [ -e "$1" ]; then echo there; fi', [at(name)])) !== '';
  return {
    path,
    seenFromHere: source,
    has,
    read: async (name) => ((await has(name)) ? ask('cat "$1"', [at(name)]) : undefined),
    write: (name, text) => run('umask 077; cat >"$1.part"; mv "$1.part" "$1"', [at(name)], text),
    pack: (name) => outer.containers.readArchive(helper, at(name)),
    async unpack(name, tar) {
      if (await has(name)) throw new DrillError(`${at(name)} is there already`, { code: 'data-root' });
      await outer.containers.writeArchive(helper, path, tar, { keepOwners: true });
    },
    makeDirectory: (name) => run('mkdir -m 700 "$1"', [at(name)]),
    move: (from, to) => run('mv -T "$1" "$2"', [at(from), at(to)]),
    remove: (name) => run('rm -rf "$1"', [at(name)]),
  };
}

/** The engine says so of a container that is already what it was asked to be. */
function ignoreNotModified(error: unknown): void {
  if (!isNotModified(error)) throw error;
}

/** Somebody else is removing it, or has. */
function ignoreGone(error: unknown): void {
  if (!isNotFound(error) && !isConflict(error)) throw error;
}
