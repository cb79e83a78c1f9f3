// The manager that a container plays, e.g. a node that `run --keep` left: its engine stops and starts with the container, and
// its data root is reached through a helper that shares its volumes.
import { randomBytes } from 'node:crypto';
import type { Readable } from 'node:stream';
import { isNotFound, isConflict, isNotModified } from '../../lab/engine/errors.ts';
import { type Docker, connect } from '../../lab/engine/connect.ts';
import { execInContainer, startProcess } from '../../lab/engine/process.ts';
import { OWNER_LABEL, ownerIsAlive, ownerOf, RUN_LABEL } from '../../lab/labels.ts';
import { DrillError, usage } from '../../support/errors.ts';
import type { Scope } from '../../support/scope.ts';
import { innerClient } from '../../swarm/node.ts';
import { unreachableReason } from './ask.ts';
import { waitUntilAnswering, type DataRoot, ENGINE_LIMIT, type Manager } from './manager.ts';
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

type Inspected = Awaited<ReturnType<ReturnType<Docker['getContainer']>['inspect']>>;
interface Attached {
  /** One that is stopped has only the address that it was promised. */
  readonly Networks: Readonly<Record<string, { IPAddress: string; IPAMConfig?: { IPv4Address?: string } }>>;
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
  const container = outer.getContainer(found.Id);
  const manager: Manager = {
    name: `the node ${name}`,
    docker: innerClient(outer, found.Id),
    root: containerDataRoot(outer, await startHelper(outer, found, scope), dataRoot, mount.Source),
    startedBy: `docker start ${name}`,
    async addresses() {
      const { Networks } = (await container.inspect()).NetworkSettings as unknown as Attached;
      return Object.values(Networks)
        .flatMap(({ IPAddress, IPAMConfig }) => [IPAddress, IPAMConfig?.IPv4Address ?? ''])
        .filter(Boolean);
    },
    async dial(address, port) {
      const words = ['nc', '-w', String(GREETING_LIMIT), address, String(port)];
      return (await startProcess(outer, found.Id, words)).asSocket();
    },
    stop: () => container.stop({ t: ENGINE_LIMIT }).catch(ignoreNotModified),
    async start() {
      await container.start().catch(ignoreNotModified);
      await waitUntilAnswering(manager);
    },
  };
  return manager;
}

async function inspect(outer: Docker, node: string): Promise<Inspected> {
  try {
    return await outer.getContainer(node).inspect();
  } catch (cause) {
    if (!isNotFound(cause)) throw cause;
    const names = (await outer.listContainers({ all: true })).map(({ Names }) => Names[0]?.slice(1));
    throw usage(
      `there is no container "${node}" on that engine`,
      `give one of ${names.join(', ') || 'its containers; it has none'}; or another --engine`,
    );
  }
}

/** On a helper: the id of the node whose volumes it holds. */
const HELPER_LABEL = 'swarm-drill.helper-of';

/** A container that does nothing but hold the node's volumes, whether the node runs or not. */
async function startHelper(outer: Docker, node: Inspected, scope: Scope): Promise<string> {
  const filters = { label: [`${HELPER_LABEL}=${node.Id}`] };
  for (const { Id, Labels } of await outer.listContainers({ all: true, filters }))
    // Left by a command that was killed; it would hold the volumes for ever.
    if (!ownerIsAlive(Labels[OWNER_LABEL] ?? ''))
      await outer.getContainer(Id).remove({ force: true }).catch(ignoreGone);
  const name = `swarm-drill-helper-${process.pid}-${randomBytes(3).toString('hex')}`;
  scope.defer('remove the helper', () => outer.getContainer(name).remove({ force: true }));
  const container = await outer.createContainer({
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
  await container.start();
  return container.id;
}

function containerDataRoot(outer: Docker, helper: string, path: string, source: string): DataRoot {
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
  const container = outer.getContainer(helper);
  const has = async (name: string): Promise<boolean> =>
    (await ask('if [ -e "$1" ]; then echo there; fi', [at(name)])) !== '';
  return {
    path,
    seenFromHere: source,
    has,
    read: async (name) => ((await has(name)) ? ask('cat "$1"', [at(name)]) : undefined),
    write: (name, text) => run('umask 077; cat >"$1.part"; mv "$1.part" "$1"', [at(name)], text),
    pack: async (name) => (await container.getArchive({ path: at(name) })) as Readable,
    async unpack(name, tar) {
      if (await has(name)) throw new DrillError(`${at(name)} is there already`, { code: 'data-root' });
      // A tar that breaks off would leave the request waiting for the rest.
      const broken = new AbortController();
      tar.once('error', (error) => broken.abort(error));
      await container.putArchive(tar, { path, copyUIDGID: '1', abortSignal: broken.signal });
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
