// Swarm state: the documented cold copy of one manager's /var/lib/docker/swarm, and the forced initialisation that brings
// it back at the old address (https://docs.docker.com/engine/swarm/admin_guide/).
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { extract, pack } from 'tar-stream';
import { finding } from '../support/errors.ts';
import { step } from '../support/trace.ts';
import { initialise, type Site } from '../swarm/site.ts';
import { Swarm } from '../swarm/swarm.ts';
import type { Method } from './method.ts';

const DOCKER_ROOT = '/var/lib/docker';
/** What tells the engine to rejoin by itself: with it, an engine that lost its peers first waits 20 s for a quorum. */
const MEMBERSHIP = 'swarm/docker-state.json';

export const swarmState: Method<Swarm, Site, Swarm> = {
  name: 'swarm state (cold copy)',
  cannotHold: [
    'the data of volumes, images, plugins, daemon configuration and registry logins: they are not in raft',
    'the other members: managers and workers have to join anew, under new node ids',
  ],

  async backup(swarm, put) {
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

  async restore(artifact, site) {
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
  },
};

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
