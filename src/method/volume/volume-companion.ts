// The volume backup companion: a container that stops the services with its label, archives the volume and starts them again. It is
// offen/docker-volume-backup (v2) where that can be pulled, and elsewhere a stand-in that reads the same environment.
import { pipeline, Readable } from 'node:stream';
import { extract } from 'tar-stream';
import { z } from 'zod';
import type { ServiceInspection } from '../../lab/engine/api.ts';
import type { Engine } from '../../lab/engine/engine.ts';
import { outputOf, type ProcessOutput } from '../../lab/engine/process.ts';
import type { ArtifactWriter } from '../../model/method.ts';
import { stopped } from '../../model/downtime.ts';
import { monotonic, seconds } from '../../support/clock.ts';
import { finding } from '../../support/errors.ts';
import { currentSignal, step } from '../../support/trace.ts';
import { withCleanup } from '../../support/with-cleanup.ts';
import {
  findChangedServices,
  findServicesUsing,
  recordServices,
  restoreReplicas,
  type RecordedService,
} from '../container/replicas.ts';
import { withServicesResumed } from '../container/stop-services.ts';
import type { Volume, VolumeMethod } from '../container/volume.ts';
import { defineVolumeMethod } from './define-volume-method.ts';
import { NO_FLAGS, NO_SOCKETS } from './limits.ts';
import { extractTar } from './volume-archive.ts';
import { verifyWholeTar } from './whole-tar.ts';

const FILE = 'volume.tar.zst';
/** Where the companion mounts the volume; the names in its tar begin with it. */
const SOURCE = '/backup/data';
const ARCHIVE = '/archive';
const TAR = 'volume.tar';
/** In a stack: `deploy: { labels: ['docker-volume-backup.stop-during-backup=true'] }`. */
const STOP_LABEL = 'docker-volume-backup.stop-during-backup=true';

/** https://offen.github.io/docker-volume-backup/reference/ */
const ENVIRONMENT = {
  BACKUP_FILENAME: TAR,
  // The vault compresses and encrypts the tar.
  BACKUP_COMPRESSION: 'none',
  BACKUP_STOP_DURING_BACKUP_LABEL: 'true',
};

/** Backs a volume up with offen/docker-volume-backup, which stops the services that carry its label. */
export const volumeCompanion = (): VolumeMethod =>
  defineVolumeMethod({
    name: 'volume companion',
    limits: [
      { sentence: 'hard links: each name becomes a separate file', loses: ['hard links'] },
      {
        sentence: 'extended attributes, file capabilities among them, and ACLs',
        loses: ['extended attributes', 'file capabilities', 'ACLs'],
      },
      { sentence: 'holes in sparse files: they come back full of zeros', loses: ['sparse files'] },
      { sentence: 'times below a second: they are rounded', loses: ['mtime below a second'] },
      NO_SOCKETS,
      NO_FLAGS,
      { sentence: 'a single point in time, when a service that writes does not carry the label' },
    ],
    metadata: z.object({ stopped }),
    stopsServices: true,

    async backup(volume, artifact, { copying }) {
      const labelled = await findLabelledServices(volume);
      const services = await recordServices(
        volume.swarm,
        labelled.map(({ Spec }) => Spec.Name),
      );
      refuseEnded(labelled, services);
      // A backup that was killed may have left one of them at 0 replicas, which the companion would take for its normal state.
      await restoreReplicas(volume.swarm, services);
      let downtime = 0;
      await withServicesResumed(volume.swarm, services, () =>
        copying(volume, async () => {
          downtime = await runCompanion(volume, services, artifact);
        }),
      );
      return { stopped: services.map(({ name }) => ({ what: `service ${name}`, seconds: downtime })) };
    },

    // Extracted at the path that is in the tar, not stripped of it: only then does the root directory come back, too.
    restore: (artifact, volume, filling) =>
      filling(() => extractTar(artifact, FILE, volume, SOURCE, ['--directory=/', '--numeric-owner'])),
  });

/**
 * Returns the services that the companion will stop: all with the label, also those that use other volumes.
 * @throws DrillError `companion-not-on-manager`
 */
async function findLabelledServices(volume: Volume): Promise<ServiceInspection[]> {
  const { swarm, node } = volume;
  const { engine } = await swarm.manager();
  const services = await engine.services.list({ filters: { label: [STOP_LABEL] } });
  const { Swarm } = await node.engine.info();
  if (Swarm.ControlAvailable) return services;
  const unstoppable = (await findServicesUsing(volume)).filter((name) =>
    services.some(({ Spec }) => Spec.Name === name),
  );
  if (unstoppable.length === 0) return [];
  throw finding(
    `${node.name} is a worker: the companion can stop ${unstoppable.join(', ')} only from a manager`,
    {
      code: 'companion-not-on-manager',
      node: node.name,
      hint: 'Place the volume on a manager, or remove the label to back up without stopping the service.',
    },
  );
}

/**
 * The companion stops and starts everything that has the label, also what has ended and would run again.
 * @throws DrillError `not-pausable`
 */
function refuseEnded(labelled: readonly ServiceInspection[], running: readonly RecordedService[]): void {
  const ended = labelled.find(
    ({ ID, Spec }) => Spec.Mode?.Replicated?.Replicas !== 0 && !running.some(({ id }) => id === ID),
  );
  if (ended)
    throw finding(
      `service ${ended.Spec.Name}: has ended, and would run again after the companion stopped it`,
      {
        code: 'not-pausable',
        hint: `Remove the label ${STOP_LABEL} from it.`,
      },
    );
}

/** Returns for how many seconds the companion ran, in which it stopped the services and started them again. */
async function runCompanion(
  volume: Volume,
  services: readonly RecordedService[],
  { put }: ArtifactWriter,
): Promise<number> {
  const { swarm, node, name } = volume;
  const { engine } = node;
  const id = await engine.containers.create({
    Image: swarm.imageOf('companion'),
    Entrypoint: ['/usr/bin/backup'],
    Cmd: [],
    Env: Object.entries(ENVIRONMENT).map(([key, value]) => `${key}=${value}`),
    Volumes: { [ARCHIVE]: {} },
    HostConfig: {
      NetworkMode: 'none',
      Binds: [`${name}:${SOURCE}:ro`, '/var/run/docker.sock:/var/run/docker.sock'],
    },
  });
  const archive = async (): Promise<number> => {
    const began = monotonic();
    const result = await step('stop, archive and start with the companion', () => runToEnd(engine, id));
    const stopped = await findChangedServices(swarm, services);
    if (result.exitCode !== 0 || stopped.length > 0)
      throw finding(
        `the companion exited with code ${result.exitCode}${stopped.length > 0 ? ` and left ${stopped.join(', ')} stopped` : ''}`,
        { code: 'companion-failed', node: node.name, output: `${result.stdout}\n${result.stderr}` },
      );
    const downtime = monotonic() - began;
    await readArchive(engine, id, (tar) => put(FILE, tar));
    return downtime;
  };
  return withCleanup(archive, () => engine.containers.remove(id), {
    code: 'helper-left',
    limit: seconds(30),
  });
}

/** Time for the companion to start the services that it stopped, when the drill is interrupted. */
const GRACE = seconds(30);

async function runToEnd({ containers }: Engine, id: string): Promise<ProcessOutput> {
  const signal = currentSignal();
  const stop = (): void => void containers.stop(id, { grace: GRACE }).catch(() => undefined);
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await outputOf(await containers.startAttached(id));
  } finally {
    signal.removeEventListener('abort', stop);
    signal.throwIfAborted();
  }
}

/** Reads the archive from the container: the engine wraps it in another tar. */
async function readArchive(
  { containers }: Engine,
  id: string,
  put: (tar: Readable) => Promise<void>,
): Promise<void> {
  const wrapped = await containers.readArchive(id, `${ARCHIVE}/${TAR}`);
  const entries = extract();
  pipeline(wrapped, entries, () => undefined);
  for await (const entry of entries)
    await put(verifyWholeTar(Readable.from(entry, { objectMode: false }), "the companion's archive"));
}
