// Swarm state: a copy of one manager's /var/lib/docker/swarm, cold as documented or hot, and the forced initialisation that
// brings it back at the old address (https://docs.docker.com/engine/swarm/admin_guide/).
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { extract, pack } from 'tar-stream';
import { finding } from '../support/errors.ts';
import { step } from '../support/trace.ts';
import { initialise, type Site } from '../swarm/site.ts';
import { Swarm } from '../swarm/swarm.ts';
import type { Method, OpenedArtifact } from './method.ts';

const DOCKER_ROOT = '/var/lib/docker';
/** What tells the engine to rejoin by itself: with it, an engine that lost its peers first waits 20 s for a quorum. */
const MEMBERSHIP = 'swarm/docker-state.json';

const NOT_IN_RAFT = [
  'the data of volumes, images, plugins, daemon configuration and registry logins: they are not in raft',
  'the other members: managers and workers have to join anew, under new node ids',
];

export const swarmState: Method<Swarm, Site, Swarm> = {
  name: 'swarm state (cold copy)',
  cannotHold: NOT_IN_RAFT,

  loses: [],

  async backup(swarm, { put }) {
    const managers = (await swarm.members()).filter((member) => member.ManagerStatus);
    const reachable = managers.filter((member) => member.ManagerStatus?.Reachability === 'reachable').length;
    const quorum = Math.floor(managers.length / 2) + 1;
    if (managers.length > 1 && reachable - 1 < quorum)
      throw finding(
        `stopping one manager would leave ${reachable - 1} of the ${quorum} that a quorum needs`,
        { code: 'quorum' },
      );
    const node = await swarm.follower();
    const { ID } = (await node.docker.swarmInspect()) as { ID: string };
    const stopped = await step(`stop ${node.name}`, () => node.stop());
    try {
      await step('copy its swarm directory', async () =>
        put('swarm.tar.zst', await stopped.read(`${DOCKER_ROOT}/swarm`)),
      );
    } finally {
      swarm.replace(await step(`start ${node.name}`, () => stopped.start()));
      await swarm.ready();
    }
    // A node that hosts tasks gets them back now; the next method wants to find them.
    await swarm.converged();
    return { node: node.name, address: node.address, cluster: ID };
  },

  restore,
};

/** Beside an engine that goes on writing: possible, less predictable, and not what the documentation recommends. */
export const swarmStateHot: Method<Swarm, Site, Swarm> = {
  name: 'swarm state (hot copy)',
  cannotHold: [
    ...NOT_IN_RAFT,
    "a moment that anybody could name: raft's log and snapshots are read while they are written, and a copy that is torn may refuse to start",
  ],
  loses: [],

  async backup(swarm, { put }) {
    const node = await swarm.follower();
    const { ID } = (await node.docker.swarmInspect()) as { ID: string };
    const tar = await node.run(['tar', '--directory', DOCKER_ROOT, '--create', 'swarm']);
    tar.io.end();
    await step(`copy the swarm directory of ${node.name}, which runs`, () => put('swarm.tar.zst', tar.io));
    const exitCode = await tar.exitCode();
    // 1: a file changed while it was read. That is what hot means, and it is told.
    if (exitCode > 1)
      throw finding(`tar ended with exit code ${exitCode}`, {
        code: 'tar-failed',
        node: node.name,
        output: tar.stderr(),
      });
    return {
      node: node.name,
      address: node.address,
      cluster: ID,
      changed: exitCode === 1 ? 'files changed while they were read' : 'no file was seen changing',
    };
  },

  restore,
};

async function restore(artifact: OpenedArtifact, site: Site): Promise<Swarm> {
  const { node: name = '', address, cluster } = artifact.claim;
  if (site.addressOf(name) !== address)
    throw finding(
      `the copy is of ${name} at ${address}, and here it would be ${site.addressOf(name)}: forced initialisation keeps the old address`,
      { code: 'moved-address' },
    );
  const empty = await step(`make ${name} anew`, () => site.emptyNode(name));
  await step('put the swarm directory there', () =>
    empty.write(DOCKER_ROOT, withoutMembership(artifact.open('swarm.tar.zst'))),
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
  const { ID } = (await node.docker.swarmInspect()) as { ID: string };
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
