// Opens the manager that the `swarm` commands work on, this host or a container, and locks it: one command at a time.
import { Option } from 'commander';
import { usage } from '../../../support/errors.ts';
import { withLock } from '../../../support/lock.mjs';
import { Scope } from '../../../support/scope.ts';
import { currentSignal, reportWait } from '../../../support/trace.ts';
import type { Manager } from '../../../swarm-backup/engine/manager.ts';
import { engineOption } from '../options.ts';

export interface ManagerOptions {
  readonly node?: string;
  readonly engine?: string;
  readonly dataRoot?: string;
  readonly stopCommand?: string;
  readonly startCommand?: string;
}

export const managerOptions = (): Option[] => [
  new Option('--stop-command <command>', 'stops the engine (default: systemctl stop docker.socket docker)'),
  new Option(
    '--start-command <command>',
    'starts the engine (default: systemctl start docker, after resetting its start limit)',
  ),
  new Option('--data-root <directory>', "the engine's data root (default: as the engine reports it)"),
  new Option(
    '--node <container>',
    'use a container as the manager instead of this host, e.g. one that `run --keep` left',
  ),
  engineOption(),
];

const DEFAULT_ENGINE = 'unix:///var/run/docker.sock';

/** @throws DrillError of usage when the options contradict each other */
export async function withManager<T>(
  options: ManagerOptions,
  body: (manager: Manager) => Promise<T>,
): Promise<T> {
  const { node, dataRoot, stopCommand, startCommand } = options;
  if (node !== undefined && (stopCommand ?? startCommand) !== undefined)
    throw usage(
      '--node was given with a command to stop or start the engine',
      'Omit the command: a node is stopped and started as a container.',
    );
  // Loaded only now, because they load the Docker client.
  const { findEngine } = await import('../../../lab/open.ts');
  const { openContainerManager: containerNode } = await import('../../../swarm-backup/engine/container.ts');
  const { openHostManager: thisHost } = await import('../../../swarm-backup/engine/host.ts');
  const { addressOfContext } = await import('../../../lab/engine/contexts.ts');
  const named = options.engine ?? process.env['DOCKER_HOST'] ?? (await findEngine()).host ?? DEFAULT_ENGINE;
  // Not an endpoint: these commands need the engine of this host, which one behind ssh is not.
  const engine = addressOfContext(named) ?? named;
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
      waiting: () => reportWait(`another swarm-drill command on ${manager.name}`),
      signal: currentSignal(),
    });
  } finally {
    for (const error of await scope.close()) console.error(`swarm-drill: ${error.message}`);
  }
}
