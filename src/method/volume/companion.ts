// The volume backup companion: a container beside the service that stops what carries a label, makes a tar of the volume and starts
// it again. It is offen/docker-volume-backup (v2) where that can be pulled, and an image that honours the same environment elsewhere.
import { pipeline, Readable } from 'node:stream';
import { extract } from 'tar-stream';
import type { Docker } from '../../lab/engine/connect.ts';
import { outputOf, startAttached, type ProcessOutput } from '../../lab/engine/process.ts';
import { seconds } from '../../support/clock.ts';
import { finding } from '../../support/errors.ts';
import { currentSignal, step } from '../../support/trace.ts';
import { restoreIntoEmptyVolume } from '../container/empty-volume.ts';
import { withCleanup } from '../../support/with-cleanup.ts';
import type { ArtifactWriter, Method } from '../../model/method.ts';
import { withServicesResumed } from '../container/stop-services.ts';
import {
  recordServices,
  findChangedServices,
  restoreReplicas,
  findServicesUsing,
  type RecordedService,
} from '../container/replicas.ts';
import { verifyWholeTar } from './whole-tar.ts';
import { unpack } from './volume-archive.ts';
import { volumeMetadata, requireFilledVolume, type Volume } from '../container/volume.ts';

const FILE = 'volume.tar.zst';
/** Where the companion sees the volume, and so the names in its tar. */
const SOURCE = '/backup/data';
const ARCHIVE = '/archive';
const TAR = 'volume.tar';
/** In a stack: `deploy: { labels: ['docker-volume-backup.stop-during-backup=true'] }`. */
const STOP_LABEL = 'docker-volume-backup.stop-during-backup=true';

/** https://offen.github.io/docker-volume-backup/reference/ */
const ENVIRONMENT = {
  BACKUP_FILENAME: TAR,
  // The vault compresses and encrypts what it is given.
  BACKUP_COMPRESSION: 'none',
  BACKUP_STOP_DURING_BACKUP_LABEL: 'true',
};

export const companion: Method<Volume, Volume, void> = {
  name: 'volume backup companion',
  cannotHold: [
    'hard links (each name becomes a file of its own), extended attributes with file capabilities, ACLs, holes in sparse files, times below a second, sockets',
    'one moment, when a service that writes does not carry the label',
  ],
  loses: ['mtime below a second', 'hard links', 'extended attributes', 'ACLs', 'sparse files'],

  async backup(volume, deposit) {
    const facts = await requireFilledVolume(volume);
    const found = await recordServices(volume.swarm, await labelled(volume));
    // A backup that was killed may have left one of them off, and the companion would take that for its mode.
    await restoreReplicas(volume.swarm, found);
    await withServicesResumed(volume.swarm, found, () => run(volume, found, deposit));
    return { ...volumeMetadata(volume, facts), stopped: found.map(({ name }) => name).join(', ') };
  },

  // At the place that the names in the tar have, and not stripped of it: only so does the root directory come back, too.
  restore: (artifact, volume) =>
    restoreIntoEmptyVolume(volume, artifact.metadata, () =>
      unpack(artifact, FILE, volume, SOURCE, ['--directory=/', '--numeric-owner']),
    ),
};

/**
 * The services that the companion will stop: all with the label, whichever volumes they use.
 * @throws DrillError `companion-not-on-manager`
 */
async function labelled(volume: Volume): Promise<string[]> {
  const { swarm, node } = volume;
  const { docker } = await swarm.manager();
  const services = (await docker.listServices({ filters: { label: [STOP_LABEL] } })).map(
    ({ Spec }) => Spec?.Name ?? '',
  );
  const { Swarm } = (await node.docker.info()) as { Swarm: { ControlAvailable: boolean } };
  if (Swarm.ControlAvailable) return services;
  const blind = (await findServicesUsing(volume)).filter((name) => services.includes(name));
  if (blind.length === 0) return [];
  throw finding(`${node.name} is no manager: from there the companion can't stop ${blind.join(', ')}`, {
    code: 'companion-not-on-manager',
    node: node.name,
    hint: 'let data that is backed up this way lie on a manager; or take the label away, and the backup live',
  });
}

async function run(
  volume: Volume,
  found: readonly RecordedService[],
  { put }: ArtifactWriter,
): Promise<void> {
  const { swarm, node, name } = volume;
  const container = await node.docker.createContainer({
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
  const archive = async (): Promise<void> => {
    const ended = await step('the companion stops, archives and starts', () => ran(container));
    const off = await findChangedServices(swarm, found);
    if (ended.exitCode !== 0 || off.length > 0)
      throw finding(
        `the companion ended with exit code ${ended.exitCode}${off.length > 0 ? ` and left ${off.join(', ')} switched off` : ''}`,
        { code: 'companion-failed', node: node.name, output: `${ended.stdout}\n${ended.stderr}` },
      );
    await archived(container, (tar) => put(FILE, tar));
  };
  await withCleanup(archive, () => container.remove({ force: true, v: true }), {
    code: 'helper-left',
    limit: seconds(30),
  });
}

/** Seconds that the companion may take to start again what it stopped, when the work is told to stop. */
const LEAVE_SECONDS = 30;

async function ran(container: Docker.Container): Promise<ProcessOutput> {
  const signal = currentSignal();
  const leave = (): void => void container.stop({ t: LEAVE_SECONDS }).catch(() => undefined);
  signal.addEventListener('abort', leave, { once: true });
  try {
    return await outputOf(await startAttached(container));
  } finally {
    signal.removeEventListener('abort', leave);
    signal.throwIfAborted();
  }
}

/** The archive that lies in the container: the engine wraps it in a tar of its own. */
async function archived(container: Docker.Container, put: (tar: Readable) => Promise<void>): Promise<void> {
  const wrapped = (await container.getArchive({ path: `${ARCHIVE}/${TAR}` })) as Readable;
  const entries = extract();
  pipeline(wrapped, entries, () => undefined);
  for await (const entry of entries)
    await put(verifyWholeTar(Readable.from(entry, { objectMode: false }), 'the archive of the companion'));
}
