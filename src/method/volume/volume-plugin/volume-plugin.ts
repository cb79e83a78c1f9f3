// A volume of a driver with snapshots: the archive is made of a snapshot, so that a service that must be stopped for a backup of one
// moment is stopped for the snapshot alone, and not while the data travels.
import { randomBytes } from 'node:crypto';
import { seconds } from '../../../support/clock.ts';
import { finding } from '../../../support/errors.ts';
import { waitUntil } from '../../../support/poll.ts';
import { step } from '../../../support/trace.ts';
import { withCleanup } from '../../../support/with-cleanup.ts';
import type { Method } from '../../../model/method.ts';
import { withVolumeUnused } from '../../container/stop-services.ts';
import { SOCKETS, volumeArchive } from '../volume-archive.ts';
import { installVolumePlugin, SNAPSHOT_DRIVER, stateOfPlugin } from './install.ts';
import { volumeMetadata, inspectVolume, requireFilledVolume, type Volume } from '../../container/volume.ts';

export { installVolumePlugin, SNAPSHOT_DRIVER };

const SNAPSHOT_LEFT = 'snapshot-left';
/** How long whoever read a snapshot may take to let go of it. */
const REMOVE_LIMIT = seconds(30);

const OTHERWISE = 'the plugin itself: it is installed on each node, and is not in raft';

/** SidecarSpec a service that goes on writing. */
export const volumePlugin: Method<Volume, Volume, void> = variant({
  name: 'volume plugin',
  cannotHold: [
    OTHERWISE,
    SOCKETS,
    'writes made while the snapshot is copied: files that change under it come from different moments',
  ],
  moment: (_, snapshot) => snapshot(),
});

/** With every service that uses the volume stopped until the snapshot is made. */
export const volumePluginStopped: Method<Volume, Volume, void> = variant({
  name: 'volume plugin, service stopped',
  cannotHold: [OTHERWISE, SOCKETS],
  moment: withVolumeUnused,
});

function variant({
  name,
  cannotHold,
  moment,
}: {
  readonly name: string;
  readonly cannotHold: readonly string[];
  /** In which circumstances the snapshot is made. */
  readonly moment: (volume: Volume, snapshot: () => Promise<void>) => Promise<void>;
}): Method<Volume, Volume, void> {
  return {
    name,
    cannotHold,
    loses: [],

    async backup(volume, deposit) {
      await enabled(volume);
      const facts = await requireFilledVolume(volume);
      ofOurDriver(volume, facts.Driver);
      const snapshot = { ...volume, name: `${volume.name}-snapshot-${randomBytes(4).toString('hex')}` };
      await withCleanup(
        async () => {
          await step('take a snapshot', () => moment(volume, () => takeSnapshot(volume, snapshot.name)));
          await volumeArchive.backup(snapshot, deposit);
        },
        () => step('remove the snapshot', () => remove(snapshot)),
        { code: SNAPSHOT_LEFT, limit: seconds(2 * REMOVE_LIMIT) },
      );
      return volumeMetadata(volume, facts);
    },

    async restore(artifact, volume) {
      await enabled(volume);
      const there = await inspectVolume(volume);
      if (there) ofOurDriver(volume, there.Driver);
      else
        await volume.node.docker.createVolume({
          Name: volume.name,
          Driver: SNAPSHOT_DRIVER,
          Labels: JSON.parse(artifact.metadata['labels'] ?? '{}') as Record<string, string>,
        });
      await volumeArchive.restore(artifact, volume);
    },
  };
}

/** @throws DrillError `no-plugin` */
async function enabled({ node }: Volume): Promise<void> {
  const state = await stateOfPlugin(node);
  if (state === 'enabled') return;
  throw finding(`the volume plugin ${SNAPSHOT_DRIVER} is ${state} on ${node.name}`, {
    code: 'no-plugin',
    node: node.name,
    hint:
      state === 'missing'
        ? 'install it there first (installVolumePlugin): a restored swarm has its services, not its plugins'
        : `see why, and "docker plugin enable ${SNAPSHOT_DRIVER}"`,
  });
}

/** @throws DrillError `other-driver` */
function ofOurDriver({ node, name }: Volume, driver: string): void {
  if (driver !== SNAPSHOT_DRIVER)
    throw finding(`${name} on ${node.name} is a volume of the driver ${driver}, not of ${SNAPSHOT_DRIVER}`, {
      code: 'other-driver',
      node: node.name,
      hint: 'back it up with another method; to restore, take another name, or remove that volume first',
    });
}

async function takeSnapshot({ node, name }: Volume, snapshot: string): Promise<void> {
  await node.docker
    .createVolume({ Name: snapshot, Driver: SNAPSHOT_DRIVER, DriverOpts: { 'snapshot-of': name } })
    .catch((cause: unknown) => {
      throw finding(`the driver could not take a snapshot of ${name}`, {
        code: 'snapshot-failed',
        node: node.name,
        hint: 'it needs room for a copy; and the engine waits two minutes for one, unless the file system shares blocks (btrfs, XFS)',
        cause,
      });
    });
}

/** The container that read it is removed by the engine in its own time. */
async function remove(snapshot: Volume): Promise<void> {
  const { node, name } = snapshot;
  await waitUntil(
    `the snapshot ${name} to be free`,
    async () => {
      if (await inspectVolume(snapshot)) await node.docker.getVolume(name).remove();
      return { done: true };
    },
    { limit: REMOVE_LIMIT },
  ).catch((cause: unknown) => {
    throw finding(`the snapshot ${name} is still on ${node.name}`, {
      code: SNAPSHOT_LEFT,
      node: node.name,
      hint: `remove it there, for it takes room: "docker volume rm ${name}"`,
      cause,
    });
  });
}
