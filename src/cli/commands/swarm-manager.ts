// Which manager the commands of `swarm` work on: this host, or a container; one command at a time on each.
import { Option } from 'commander';
import { usage } from '../../support/errors.ts';
import { withLock } from '../../support/lock.mjs';
import { Scope } from '../../support/scope.ts';
import { currentSignal, waiting } from '../../support/trace.ts';
import type { Manager } from '../../swarm-backup/engine/manager.ts';
import { engineOption } from './options.ts';

export interface ManagerOptions {
  readonly node?: string;
  readonly engine?: string;
  readonly dataRoot?: string;
  readonly stopCommand?: string;
  readonly startCommand?: string;
}

export const managerOptions = (): Option[] => [
  new Option(
    '--stop-command <command>',
    'how the engine is stopped (default: systemctl stop docker.socket docker)',
  ),
  new Option(
    '--start-command <command>',
    'how it is started (default: systemctl start docker, whatever its start limit says)',
  ),
  new Option('--data-root <directory>', "the engine's data root (default: what the engine says)"),
  new Option(
    '--node <container>',
    'a container that plays the manager, e.g. what `run --keep` left; not this host',
  ),
  engineOption(),
];

const DEFAULT_ENGINE = 'unix:///var/run/docker.sock';

/** @throws DrillError of usage when the words don't go together */
export async function withManager<T>(
  words: ManagerOptions,
  body: (manager: Manager) => Promise<T>,
): Promise<T> {
  const { node, dataRoot, stopCommand, startCommand } = words;
  if (node !== undefined && (stopCommand ?? startCommand) !== undefined)
    throw usage(
      '--node was given with a command to stop or start the engine',
      'a node is stopped as a container',
    );
  // Loaded only now: they bring the clients of engines along.
  const { findEngine } = await import('../../lab/open.ts');
  const { openContainerManager: containerNode } = await import('../../swarm-backup/engine/container.ts');
  const { openHostManager: thisHost } = await import('../../swarm-backup/engine/host.ts');
  const engine = words.engine ?? process.env['DOCKER_HOST'] ?? (await findEngine()).host ?? DEFAULT_ENGINE;
  const scope = new Scope();
  try {
    const root = dataRoot === undefined ? {} : { dataRoot };
    const manager =
      node === undefined
        ? await thisHost({
            engine,
            ...root,
            ...(stopCommand === undefined ? {} : { stopCommand }),
            ...(startCommand === undefined ? {} : { startCommand }),
          })
        : await containerNode({ engine, node, scope, ...root });
    return await withLock(`/swarm-file/${engine}/${manager.name}/${manager.root.path}`, () => body(manager), {
      waiting: () => waiting(`another swarm-drill that is at work on ${manager.name}`),
      signal: currentSignal(),
    });
  } finally {
    for (const error of await scope.close()) console.error(`swarm-drill: ${error.message}`);
  }
}
