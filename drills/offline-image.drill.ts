// Every node is lost, and the registry with the service's own image can't be reached. The new node is bare: it never had the image. It was
// saved with the backup, and is loaded before the service may start.
// https://github.com/moby/moby/issues/36328: a test on nodes that still have the image in their cache does not see this.
import { checks, disasters, drill, methods, seconds } from 'swarm-drill';
import { imageByHand } from '../fixtures/by-hand/images.ts';
import { notes, type Notes } from '../fixtures/notes/notes.ts';

/** Nothing answers at the host of this registry. */
const PRIVATE_IMAGE = 'registry.example.internal/pad:1';

export default drill('offline image: an image that no registry offers comes back from the backup', {
  topology: { managers: 1, workers: 0 },
  images: notes.images,
  objectives: { rto: seconds(90), rpo: seconds(90) },

  async seed({ swarm, seed, size }) {
    const [node] = swarm.nodes;
    await node?.exec(['docker', 'image', 'tag', swarm.imageOf('toolbox'), PRIVATE_IMAGE]);
    const pad: Notes = await notes.deploy(swarm, { seed, size, image: PRIVATE_IMAGE });
    return { app: pad, pad };
  },
  baseline: async ({ seeded: { pad } }) => ({ contents: await pad.contents() }),
  async backup({ swarm, vault, seeded: { pad } }) {
    return {
      state: await vault.keep(methods.swarmState(), swarm),
      files: await vault.keep(methods.volumeArchive(), await pad.volume()),
      image: await vault.keep(imageByHand(PRIVATE_IMAGE), await pad.swarm.nodeOf(pad.service)),
    };
  },
  drift: ({ write }) => write(5),
  disaster: ({ swarm }) => disasters.destroyAllNodes(swarm),
  async restore({ site, kept }) {
    const swarm = await kept.state.restoreInto(site);
    const hadImage: string[] = [];
    for (const node of swarm.nodes) {
      const images = await node.engine.images.list();
      if (images.some(({ RepoTags }) => RepoTags?.includes(PRIVATE_IMAGE))) hadImage.push(node.name);
      await kept.image.restoreInto(node);
    }
    const pad = await notes.restoreInto(swarm, kept);
    return { swarm, pad, app: pad, hadImage };
  },
  verify: ({ restored: { swarm, pad, hadImage }, baseline }) => [
    {
      name: 'nodes were bare',
      required: true,
      doesNotProve: 'that other images of the swarm are saved',
      covers: ['images'],
      observe: async () => ({
        compared: swarm.nodes.length,
        differences: hadImage.map((name) => `${name}: had ${PRIVATE_IMAGE} before it was loaded`),
      }),
    },
    checks.tasksRunning(swarm),
    checks.inventoryMatches(swarm, baseline.inventory),
    ...pad.checks(baseline.contents),
  ],
});
