// A node of a drill's site as a manager: what a drill backs up and restores goes through the same code as the commands.
import { connect } from '../../lab/engine/connect.ts';
import { outputOf } from '../../lab/engine/process.ts';
import { commandReason } from '../../support/command-reason.ts';
import { finding } from '../../support/errors.ts';
import type { Node, StoppedNode } from '../../swarm/node/node.ts';
import { GREETING_LIMIT } from '../../swarm/peers.ts';
import type { Site } from '../../swarm/site.ts';
import { containerManager } from './container.ts';
import { containerDataRoot } from './container-data-root.ts';
import { type HotCopy, type Manager, SWARM } from './manager.ts';

const DATA_ROOT = '/var/lib/docker';

export function siteManager(site: Site, node: Node | StoppedNode): Manager {
  const engine = connect(site.lab.host);
  const { container: helper, path: mountedAt } = site.volumeHelper(node.volume);
  const root = containerDataRoot({ engine, helper, mountedAt }, { path: DATA_ROOT, localPath: undefined });
  return {
    ...containerManager(engine, node.id, { name: node.name, root }),
    // A restore looks for other managers before it starts the node, whose own container can't connect to any of them.
    dial: (address, port) => site.dial(address, port, GREETING_LIMIT),
  };
}

/** The copy of a directory that the engine writes to: it is packed twice, and must be the same both times. */
const HOT_COPY = `${DATA_ROOT}/swarm-drill.hot.tar`;

export interface SiteHotCopy extends HotCopy {
  /** Whether tar saw files change while it read them. */
  readonly changed: boolean;
}

/** Copies the swarm directory of a node whose engine runs. @throws DrillError `tar-failed` */
export async function copyRunning(node: Node): Promise<SiteHotCopy> {
  const { exitCode, stderr } = await outputOf(
    await node.startProcess(['sh', '-c', `umask 077; cd ${DATA_ROOT} && tar -cf - ${SWARM} >${HOT_COPY}`]),
  );
  // 1: a file changed while it was read, which is what a hot copy risks.
  if (exitCode > 1)
    throw finding(commandReason('tar', exitCode, stderr), {
      code: 'tar-failed',
      node: node.name,
      output: stderr,
    });
  return {
    changed: exitCode === 1,
    async pack() {
      const { io } = await node.startProcess(['cat', HOT_COPY]);
      io.end();
      return io;
    },
    async [Symbol.asyncDispose]() {
      await node.exec(['rm', '-f', HOT_COPY]);
    },
  };
}
