// A volume without a name: the stack file names only a path, or the image declares a volume that the service does not mount. Each task
// gets a new one, which the engine removes with the task. Scaling to 0 for maintenance deletes the data, and no backup by name has it.
//
// The volume has to be found before that, from the mounts of the running task. Here it is backed up under the name that the engine made
// up; the recovery restores it into a volume with a name, and changes the service to mount that one.
//
// https://github.com/moby/moby/issues/37517
import { checks, drill, methods, minutes, seconds } from 'swarm-drill';
import { scaleToZero } from '../fixtures/mistakes.ts';
import { Notes, notes } from '../fixtures/notes/notes.ts';
import { NOTES_DIRECTORY, UNNAMED_VOLUME } from '../fixtures/notes/variants.ts';
import { runDocker, scaleService, volumeMountedAt } from '../fixtures/operator.ts';

export default drill('anonymous volume: the data of a service without a named volume survives scaling to 0', {
  topology: { managers: 1, workers: 0 },
  images: notes.images,
  objectives: { rto: minutes(2), rpo: minutes(5) },
  firstResponseLimit: seconds(30),

  async seed({ swarm, seed, size }) {
    const pad = await notes.deploy(swarm, { seed, size, changes: UNNAMED_VOLUME });
    return { app: pad, pad };
  },
  baseline: async ({ seeded: { pad } }) => ({ contents: await pad.contents() }),
  async backup({ swarm, vault, seeded: { pad } }) {
    const volume = await volumeMountedAt(swarm, pad.service, NOTES_DIRECTORY);
    return { files: await vault.keep(methods.volumeArchive(), volume) };
  },
  drift: ({ write }) => write(5),
  async disaster({ swarm }) {
    const { service } = new Notes(swarm);
    return scaleToZero(swarm, service, [await volumeMountedAt(swarm, service, NOTES_DIRECTORY)]);
  },
  async restore({ kept, survivors: swarm }) {
    const pad = new Notes(swarm);
    const volume = notes.volumeOn(swarm, { 'manager-1': notes.labels });
    await kept.files.restoreInto(volume);
    await runDocker(swarm, 'mount the volume with a name', [
      // It replaces the mount at this path. With `--mount-rm` of the same path as well, the CLI removes the new one, too.
      ...['service', 'update', '--detach', '--mount-add'],
      ...[`type=volume,source=${volume.name},target=${NOTES_DIRECTORY}`, pad.service],
    ]);
    await scaleService(swarm, pad.service, 1);
    await swarm.converged();
    return { swarm, pad, app: pad };
  },
  verify: ({ restored: { swarm, pad }, baseline }) => [
    checks.tasksRunning(swarm),
    checks.dataInVolumes(swarm),
    ...pad.checks(baseline.contents),
  ],
});
