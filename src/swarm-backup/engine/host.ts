// The manager on this host: its engine is stopped and started by commands that the operator can set.
import { once } from 'node:events';
import { access, constants, readFile, realpath } from 'node:fs/promises';
import { connect as connectTo } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { connect, unreachableReason } from '../../lab/engine/connect.ts';
import { runProgram } from '../../support/command.ts';
import { DrillError, reasonOf, usage } from '../../support/errors.ts';
import { waitUntil } from '../../support/poll.ts';
import { localDataRoot } from './local-data-root.ts';
import {
  waitUntilAnswering,
  ANSWER_LIMIT,
  ENGINE_LIMIT,
  type Manager,
  STOP_ENGINE,
  SWARM,
} from './manager.ts';
import { findOpenFileHolders } from './open-files.ts';
import { GREETING_LIMIT } from '../../swarm/peers.ts';

export interface HostOptions {
  /** Its engine, e.g. `unix:///var/run/docker.sock`. */
  readonly engine: string;
  /** Run by `sh -c`; each returns when the engine has stopped or started. */
  readonly stopCommand?: string;
  readonly startCommand?: string;
  /** Default: where the engine reports it. */
  readonly dataRoot?: string;
}

/** systemd refuses to start a unit that was started three times within a minute, as a backup, a restore and its rollback do. */
const START = 'systemctl reset-failed docker.socket docker; systemctl start docker';

/** @throws DrillError */
export async function openHostManager(options: HostOptions): Promise<Manager> {
  const { engine: address, stopCommand = STOP_ENGINE, startCommand = START } = options;
  if (!address.startsWith('unix://'))
    throw usage(
      `expected the engine of this host (unix://…), got "${address}"`,
      'Run swarm-drill on the manager itself. --node is for containers that act as one.',
    );
  const engine = connect(address).withLimit(ANSWER_LIMIT);
  const path = await dataRootOf(options);
  const manager: Manager = {
    name: 'this host',
    engine,
    root: localDataRoot(path),
    startCommand,
    addresses: async () =>
      [
        hostname(),
        ...Object.values(networkInterfaces())
          .flat()
          .map((card) => card?.address ?? ''),
      ].filter(Boolean),
    async dial(address, port) {
      const socket = connectTo(port, address);
      socket.setTimeout(GREETING_LIMIT * 1000, () =>
        socket.destroy(new Error(`no answer within ${GREETING_LIMIT} s`)),
      );
      await once(socket, 'connect');
      socket.setTimeout(0);
      return socket;
    },
    async stop() {
      const failed = await shell(stopCommand, '--stop-command').then(
        () => undefined,
        (error: Error) => error,
      );
      if (failed !== undefined && (await unreachableReason(engine)) === undefined) throw failed;
      await waitUntil(
        'the engine to stop',
        async () => {
          if ((await unreachableReason(engine)) === undefined)
            return { notYet: 'it still answers (a socket unit that starts it again must be stopped too)' };
          const holders = await findOpenFileHolders(join(path, SWARM));
          return holders.length === 0
            ? { done: true }
            : { notYet: `${holders.join(', ')} has files of ${join(path, SWARM)} open` };
        },
        { limit: ENGINE_LIMIT },
      );
    },
    async start() {
      if ((await unreachableReason(engine)) === undefined) return;
      await shell(startCommand, '--start-command');
      await waitUntilAnswering(manager);
    },
  };
  return manager;
}

/** In its own process group: Ctrl-C must only reach this program, which then has to start the engine again. */
async function shell(command: string, option: string): Promise<void> {
  await runProgram('sh', ['-c', command], {
    timeout: ENGINE_LIMIT * 1000,
    detached: true,
    hint: `Use ${option} to give the command for this host.`,
  });
}

/** In this order: the option, what the engine reports, daemon.json, the engine's own default. */
async function dataRootOf({ engine, dataRoot }: HostOptions): Promise<string> {
  const path =
    dataRoot ??
    (await connect(engine)
      .withLimit(ANSWER_LIMIT)
      .info()
      .then(({ DockerRootDir }) => DockerRootDir)
      .catch(async () => {
        const settings = await readFile('/etc/docker/daemon.json', 'utf8').catch(() => '{}');
        return (JSON.parse(settings) as { 'data-root'?: string })['data-root'] ?? '/var/lib/docker';
      }));
  try {
    await access(path, constants.R_OK | constants.W_OK | constants.X_OK);
    return await realpath(path);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new DrillError(
      `the engine's data root ${path} can't be used from here: ${code ?? reasonOf(cause)}`,
      {
        code: 'data-root',
        cause,
        hint:
          code === 'EACCES' || code === 'EPERM'
            ? 'Run this as root.'
            : 'Run this on the machine that the engine runs on, and use --data-root if its data is elsewhere.',
      },
    );
  }
}
