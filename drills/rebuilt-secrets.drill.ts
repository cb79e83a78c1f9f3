// The services are created again from `docker service inspect`. No API returns the value of a secret: what inspect has is its name, so a
// rebuild from it makes secrets that have the right name and a placeholder for a value. The services start.
//
// The recovery takes the values from a file that was sealed while the swarm ran, whose key is kept elsewhere. Proof is what a running
// task has in /run/secrets, byte by byte: names, labels and mounts match either way.
//
// https://github.com/docker/cli/issues/148
import {
  baselines,
  checks,
  disasters,
  drill,
  methods,
  minutes,
  Swarm,
  type Kept,
  type Site,
} from 'swarm-drill';
import { createAgeIdentity, readSecretsInTasks, sealSecrets } from 'swarm-drill/workload';
import { notes } from '../fixtures/notes/notes.ts';

const TOPOLOGY = { managers: 1, workers: 0 };
const rebuild = methods.serviceExport();

export default drill(
  'rebuilt secrets: services created again from their export have the values of their secrets',
  {
    topology: TOPOLOGY,
    images: notes.images,
    objectives: { rto: minutes(2), rpo: minutes(5) },

    async seed({ swarm, seed, size }) {
      const pad = await notes.deploy(swarm, { seed, size });
      return { app: pad, pad };
    },
    async baseline({ swarm, seeded: { pad } }) {
      return { mounted: await baselines.mountedFiles(swarm), contents: await pad.contents() };
    },
    async backup({ swarm, vault, seeded: { pad } }) {
      // In a real swarm, the identity is made once and kept by people; the sealed file is made with each change of a secret.
      const { identity, recipient } = await createAgeIdentity();
      const sealed = await sealSecrets(await readSecretsInTasks(swarm), recipient);
      const services = await vault.keep(rebuild, swarm);
      const files = await vault.keep(methods.volumeArchive(), await pad.volume());
      const rebuilt: Kept<Site, { readonly swarm: Swarm; readonly labels: Labels }> = {
        name: services.name,
        async restoreInto(site) {
          const restored = await Swarm.start(site, TOPOLOGY);
          const secrets = { sealed: async () => sealed, identity: async () => identity };
          const { labels } = await services.restoreInto({
            swarm: restored,
            secrets,
            holdBack: 'node labels',
          });
          return { swarm: restored, labels };
        },
      };
      return { rebuilt, services, files };
    },
    drift: ({ write }) => write(5),
    disaster: ({ swarm }) => disasters.destroyAllNodes(swarm),
    async restore({ site, kept }) {
      const { swarm, labels } = await kept.rebuilt.restoreInto(site);
      const pad = await notes.restoreInto(swarm, kept, labels);
      return { swarm, pad, app: pad };
    },
    verify: ({ restored: { swarm, pad }, baseline }) => [
      checks.tasksRunning(swarm),
      checks.inventoryMatches(swarm, baseline.inventory, { loses: rebuild.loses }),
      checks.mountedFilesMatch(swarm, baseline.mounted),
      ...pad.checks(baseline.contents),
    ],
  },
);

type Labels = Readonly<Record<string, Readonly<Record<string, string>>>>;
