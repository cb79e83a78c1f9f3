// Swarm state: a copy of one manager's /var/lib/docker/swarm, cold as documented or hot, and the forced initialisation that
// brings it back at the old address (https://docs.docker.com/engine/swarm/admin_guide/).
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { extract, pack } from 'tar-stream';
import { seconds } from '../../support/clock.ts';
import { finding } from '../../support/errors.ts';
import { waitUntil } from '../../support/poll.ts';
import { step } from '../../support/trace.ts';
import type { Node, StoppedNode } from '../../swarm/node.ts';
import { quorumWithout } from '../../swarm/quorum.ts';
import { initialise, type Site } from '../../swarm/site.ts';
import { Swarm } from '../../swarm/swarm.ts';
import { withCleanup } from '../../support/with-cleanup.ts';
import type { ArtifactWriter, Method, ArtifactReader } from '../../model/method.ts';
import { verifyWholeTar } from '../volume/whole-tar.ts';

const FILE = 'swarm.tar.zst';
const DOCKER_ROOT = '/var/lib/docker';
/** What tells the engine to rejoin by itself: with it, an engine that lost its peers first waits 20 s for a quorum. */
const MEMBERSHIP = 'swarm/docker-state.json';

const NOT_IN_RAFT = [
  'the data of volumes, images, plugins, daemon configuration and registry logins: they are not in raft',
  'the other members: managers and workers have to join anew, under new node ids',
];

export const swarmState: Method<Swarm, Site, Swarm> = {
  name: 'swarm state',
  limits: NOT_IN_RAFT,

  loses: [],

  async backup(swarm, deposit) {
    const node = await swarm.follower();
    const claim = await claimOf(node);
    await whileSwitchedOff(swarm, node, (stopped) =>
      step('copy its swarm directory', () => copy(stopped, deposit)),
    );
    return claim;
  },

  restore,
};

/** SidecarSpec an engine that goes on writing: possible, less predictable, and not what the documentation recommends. */
export const swarmStateHot: Method<Swarm, Site, Swarm> = {
  name: 'swarm state, hot',
  limits: [
    ...NOT_IN_RAFT,
    "a moment that anybody could name: raft's log and snapshots are read while they are written, and a copy that is torn may refuse to start",
  ],
  loses: [],

  async backup(swarm, { put }) {
    const node = await swarm.follower();
    const claim = await claimOf(node);
    const tar = await node.run(['tar', '--directory', DOCKER_ROOT, '--create', 'swarm']);
    tar.io.end();
    await step(`copy the swarm directory of ${node.name}, which runs`, () =>
      // A vault that refuses leaves it unread.
      put(FILE, tar.io).finally(() => tar.io.destroy()),
    );
    const exitCode = await tar.exitCode();
    // 1: a file changed while it was read. That is what hot means, and it is told.
    if (exitCode > 1)
      throw finding(`tar ended with exit code ${exitCode}`, {
        code: 'tar-failed',
        node: node.name,
        output: tar.stderr(),
      });
    return {
      ...claim,
      changed: exitCode === 1 ? 'files changed while they were read' : 'no file was seen changing',
    };
  },

  restore,
};

const claimOf = async (node: Node) => {
  const { ID } = await node.engine.swarm.inspect();
  return { node: node.name, address: node.address, cluster: ID };
};

const idOf = async ({ engine }: Node): Promise<string> => (await engine.info()).Swarm.NodeID;

/** Until node and services are back, each with a limit of its own. */
const BACK_LIMIT = seconds(300);

/**
 * Stops the node for the time of `body`. Afterwards it runs, is a reachable manager, and every service has its tasks that had them.
 * @throws DrillError `quorum`, before anything is stopped; what `body` throws; DrillError `not-back`
 */
async function whileSwitchedOff(
  swarm: Swarm,
  node: Node,
  body: (stopped: StoppedNode) => Promise<void>,
): Promise<void> {
  const id = await idOf(node);
  quorumWithout(id, await swarm.members());
  const services = await swarm.settled();
  let stopped: StoppedNode | undefined;
  await withCleanup(
    async () => {
      stopped = await step(`stop ${node.name}`, () => node.stop());
      await body(stopped);
    },
    async () => {
      await step(`start ${node.name}`, async () => {
        // When the engine did not say whether it stopped: to stop what is stopped is no error.
        stopped ??= await node.stop();
        swarm.replace(await stopped.start());
        await reachable(swarm, id, node.name);
      });
      await swarm.converged(seconds(120), services);
    },
    { code: 'not-back', limit: BACK_LIMIT },
  );
}

/** Others may have been away before: this one alone is waited for. */
async function reachable(swarm: Swarm, id: string, name: string): Promise<void> {
  await waitUntil(`${name} to be a reachable manager again`, async () => {
    const me = (await swarm.members()).find(({ ID }) => ID === id);
    const is = `${me?.Status.State} and ${me?.ManagerStatus?.Reachability}`;
    return is === 'ready and reachable' ? { done: true } : { notYet: `it is ${is}` };
  });
}

async function copy(stopped: StoppedNode, { put }: ArtifactWriter): Promise<void> {
  const tar = await stopped.read(`${DOCKER_ROOT}/swarm`);
  // Until the call has ended the engine holds on to the container.
  await put(FILE, verifyWholeTar(tar, `the copy of ${stopped.name}`)).finally(() => tar.destroy());
}

async function restore(artifact: ArtifactReader<Record<string, string>>, site: Site): Promise<Swarm> {
  const { node: name = '', address, cluster } = artifact.metadata;
  if (site.addressOf(name) !== address)
    throw finding(
      `the copy is of ${name} at ${address}, and here it would be ${site.addressOf(name)}: forced initialisation keeps the old address`,
      { code: 'moved-address' },
    );
  const empty = await step(`make ${name} anew`, () => site.emptyNode(name));
  await step('put the swarm directory there', () =>
    empty.write(DOCKER_ROOT, withoutMembership(artifact.open(FILE))),
  );
  const node = await step(`start ${name}`, () => empty.start());
  await step('force a new cluster from it', () => initialise(node, { force: true })).catch(
    (cause: unknown) => {
      throw finding('the engine refused to make a cluster of the copied state', {
        code: 'state-refused',
        node: name,
        cause,
      });
    },
  );
  const { ID } = await node.engine.swarm.inspect();
  if (ID !== cluster)
    throw finding(`expected the cluster ${cluster}, the restored node is in ${ID}`, {
      code: 'other-cluster',
    });
  return new Swarm(site, [node]);
}

/** The tar without the file that makes the engine look for its lost peers at start; forced initialisation writes it anew. */
function withoutMembership(tar: Readable): Readable {
  const packed = pack();
  const unpacked = extract();
  unpacked.on('entry', (header, content, next) => {
    if (header.name === MEMBERSHIP) {
      content.resume();
      content.once('end', next);
      return;
    }
    content.pipe(packed.entry(header, next));
  });
  unpacked.once('finish', () => packed.finalize());
  pipeline(tar, unpacked).catch((error: unknown) => packed.destroy(error as Error));
  return Readable.from(packed);
}
