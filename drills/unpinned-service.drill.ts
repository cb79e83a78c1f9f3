// A service with a local volume may start on any node. After a failure Swarm starts it somewhere else, the engine there creates an empty
// volume of the same name, and the service is healthy within seconds, without its data.
//
// The recovery stops the service and pins it to the node that gets the data; then it restores the volume there, sets the label that lets
// it start, and removes the lost node, which still has that label. Volumes of the same name on other nodes are removed: the next failure would bring them back into use.
//
// `total-loss`: everything is lost, and the restored service starts on the manager, before its data is on the worker.
// `rescheduled`: the worker with the data is lost, and the swarm starts the service on the manager.
//
// https://github.com/swarmpit/swarmpit/issues/559, https://github.com/mattermost/mattermost-docker/issues/377
import {
  baselines,
  checks,
  disasters,
  drill,
  methods,
  minutes,
  type Check,
  type Kept,
  type Size,
  type Swarm,
} from 'swarm-drill';
import { evictAndEmptyVolume, type Volume } from 'swarm-drill/workload';
import { Notes, notes } from '../fixtures/notes/notes.ts';
import { UNPINNED } from '../fixtures/notes/variants.ts';
import { pinService, runDocker, scaleService } from '../fixtures/operator.ts';

const TOPOLOGY = { managers: 1, workers: 1 };
const OBJECTIVES = { rto: minutes(2), rpo: minutes(5) };

/** The first task starts on the worker, since the manager takes no tasks at that moment. */
async function deployUnpinned({ swarm, ...options }: { swarm: Swarm; seed: string; size: Size }) {
  const setAvailability = (availability: string): Promise<string> =>
    runDocker(swarm, `set manager-1 to ${availability}`, [
      ...['node', 'update', '--availability', availability, 'manager-1'],
    ]);
  await setAvailability('drain');
  const pad = await notes.deploy(swarm, { ...options, changes: UNPINNED });
  await setAvailability('active');
  return { app: pad, pad };
}

async function recordBaseline({ swarm, seeded }: { swarm: Swarm; seeded: { pad: Notes } }) {
  return {
    mounted: await baselines.mountedFiles(swarm),
    volumes: await baselines.mountedVolumes(swarm),
    contents: await seeded.pad.contents(),
  };
}

/**
 * Restores the notes on that node and on no other. The service is stopped first: while it is not pinned, Swarm starts it again wherever
 * its volume is removed.
 */
async function restoreOn(swarm: Swarm, name: string, files: Pick<Kept<Volume, void>, 'restoreInto'>) {
  const { service } = new Notes(swarm);
  await scaleService(swarm, service, 0);
  await swarm.removeLostMembers();
  await pinService(swarm, service, 'notes==here');
  for (const node of swarm.nodes) {
    await evictAndEmptyVolume({ swarm, node, name: notes.volumeName });
    await node.exec(['docker', 'volume', 'rm', '--force', notes.volumeName]);
  }
  await files.restoreInto({ swarm, node: swarm.node(name), name: notes.volumeName });
  await swarm.label(name, notes.labels);
  await scaleService(swarm, service, 1);
  await swarm.converged();
  return { swarm, pad: new Notes(swarm), app: new Notes(swarm) };
}

const checksOf = (
  { swarm, pad }: { swarm: Swarm; pad: Notes },
  baseline: Awaited<ReturnType<typeof recordBaseline>>,
): Check[] => [
  checks.tasksRunning(swarm),
  checks.volumesPinned(swarm),
  checks.mountedVolumesMatch(swarm, baseline.volumes),
  checks.mountedFilesMatch(swarm, baseline.mounted),
  ...pad.checks(baseline.contents),
];

export const totalLoss = drill('unpinned service: started on another node than its data after a total loss', {
  variant: 'total-loss',
  topology: TOPOLOGY,
  images: notes.images,
  objectives: OBJECTIVES,
  seed: deployUnpinned,
  baseline: recordBaseline,
  backup: async ({ swarm, vault, seeded: { pad } }) => ({
    state: await vault.keep(methods.swarmState(), swarm),
    files: await vault.keep(methods.volumeArchive(), await pad.volume()),
  }),
  drift: ({ write }) => write(5),
  disaster: ({ swarm }) => disasters.destroyAllNodes(swarm),
  async restore({ site, kept }) {
    const swarm = await kept.state.restoreInto(site);
    await swarm.join({ workers: 1 });
    return restoreOn(swarm, 'worker-1', kept.files);
  },
  verify: ({ restored, baseline }) => checksOf(restored, baseline),
});

export const rescheduled = drill(
  'unpinned service: the node with its data is lost, and it starts on another',
  {
    variant: 'rescheduled',
    topology: TOPOLOGY,
    images: notes.images,
    objectives: OBJECTIVES,
    seed: deployUnpinned,
    baseline: recordBaseline,
    backup: async ({ vault, seeded: { pad } }) => ({
      files: await vault.keep(methods.volumeArchive(), await pad.volume()),
    }),
    drift: ({ write }) => write(5),
    disaster: ({ swarm }) => disasters.destroyNodes(swarm, 'worker-1'),
    restore: ({ kept, survivors }) => restoreOn(survivors, 'manager-1', kept.files),
    verify: ({ restored, baseline }) => checksOf(restored, baseline),
  },
);
