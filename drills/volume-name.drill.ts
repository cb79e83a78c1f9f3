// A stack prefixes the names of its volumes: the volume `notes` of the stack `notes` is `notes_notes`. A helper that mounts the short
// name gets a new, empty volume, and ends with exit code 0: archives of 86 or 134 bytes every night, for months.
//
// What is left is the archive, so only its contents decide. The recovery restores the full name before the service may start; a restore
// into the short name succeeds, too, next to a service that starts with an empty volume.
//
// https://github.com/offen/docker-volume-backup/issues/179, https://github.com/BretFisher/docker-vackup/issues/23
import { baselines, checks, disasters, drill, methods, minutes } from 'swarm-drill';
import { notes } from '../fixtures/notes/notes.ts';

const archive = methods.volumeArchive();

export default drill(
  'volume name: the archive has the volume that the stack made, not one of the short name',
  {
    topology: { managers: 1, workers: 0 },
    images: notes.images,
    objectives: { rto: minutes(2), rpo: minutes(5) },

    async seed({ swarm, seed, size }) {
      const pad = await notes.deploy(swarm, { seed, size });
      return { app: pad, pad };
    },
    async baseline({ swarm, seeded: { pad } }) {
      return { volumes: await baselines.mountedVolumes(swarm), contents: await pad.contents() };
    },
    backup: async ({ swarm, vault, seeded: { pad } }) => ({
      state: await vault.keep(methods.swarmState(), swarm),
      files: await vault.keep(archive, await pad.volume()),
    }),
    drift: ({ write }) => write(5),
    disaster: ({ swarm }) => disasters.destroyAllNodes(swarm),
    async restore({ site, kept }) {
      const swarm = await kept.state.restoreInto(site);
      const pad = await notes.restoreInto(swarm, kept);
      return { swarm, pad, app: pad };
    },
    verify: ({ restored: { swarm, pad }, baseline }) => [
      checks.tasksRunning(swarm),
      // A volume of the short name would be an object that was not there before.
      checks.inventoryMatches(swarm, baseline.inventory),
      checks.mountedVolumesMatch(swarm, baseline.volumes),
      ...pad.checks(baseline.contents),
    ],
  },
);
