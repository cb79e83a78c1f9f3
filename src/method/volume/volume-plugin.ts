// A volume of a plugin with snapshots: the archive is made from a snapshot, so that services that have to be stopped for a consistent
// backup are stopped only while the snapshot is made, and not while the data is transferred.
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { stopped, type Downtime } from '../../model/downtime.ts';
import { seconds } from '../../support/clock.ts';
import { finding } from '../../support/errors.ts';
import { waitUntil } from '../../support/poll.ts';
import { step } from '../../support/trace.ts';
import { withCleanup } from '../../support/with-cleanup.ts';
import { withVolumeUnused } from '../container/stop-services.ts';
import { inspectVolume, type Volume, type VolumeMethod } from '../container/volume.ts';
import { defineVolumeMethod } from './define-volume-method.ts';
import { archiveVolume, extractArchive, TAR_LIMITS } from './volume-archive.ts';

export interface VolumePluginOptions {
  /** Stops every service that uses the volume until the snapshot is made. Default false. */
  readonly whileStopped?: boolean;
  /** Name of the plugin that must have the volume, e.g. `swarm-drill/snapshots:latest`. Default: the one that has it. */
  readonly driver?: string;
}

const SNAPSHOT_LEFT = 'snapshot-left';
/** How long the container that read a snapshot may take to release it. */
const REMOVE_LIMIT = seconds(30);

/**
 * Archives a snapshot of a volume. The volume's driver is a plugin that takes the option `snapshot-of` when a volume is created;
 * a restore creates the volume with the same driver.
 */
export const volumePlugin = ({ whileStopped = false, driver }: VolumePluginOptions = {}): VolumeMethod =>
  defineVolumeMethod({
    name: whileStopped ? 'volume plugin, while stopped' : 'volume plugin',
    limits: [
      { sentence: 'the plugin itself: it is installed on each node, and is not in the swarm state' },
      ...TAR_LIMITS,
      ...(whileStopped
        ? []
        : [
            {
              sentence:
                'a single point in time: files that change while the snapshot is copied come from different moments',
            },
          ]),
    ],
    metadata: z.object({ stopped }),

    // Before the volume is inspected, which fails without its plugin.
    async preflight(volume) {
      if (driver !== undefined) await requireEnabledPlugin(volume, driver);
    },

    async backup(volume, artifact, { inspection, copying }) {
      const snapshot = { ...volume, name: `${volume.name}-snapshot-${randomBytes(4).toString('hex')}` };
      const pluginDriver = driver ?? inspection.Driver;
      requireDriver(volume, inspection.Driver, pluginDriver);
      const take = (): Promise<void> => takeSnapshot(volume, snapshot.name, pluginDriver);
      const downtimes = await withCleanup<readonly Downtime[]>(
        async () => {
          const took = await step('take a snapshot', async () =>
            whileStopped ? withVolumeUnused(volume, take) : (await take(), []),
          );
          await copying(snapshot, () => archiveVolume(snapshot, artifact));
          return took;
        },
        () => step('remove the snapshot', () => removeSnapshot(snapshot)),
        { code: SNAPSHOT_LEFT, limit: seconds(2 * REMOVE_LIMIT) },
      );
      return { stopped: downtimes };
    },

    async restore(artifact, volume, filling) {
      const recorded = artifact.metadata;
      const pluginDriver = driver ?? recorded.driver;
      await requireEnabledPlugin(volume, pluginDriver);
      const existing = await inspectVolume(volume);
      if (existing) requireDriver(volume, existing.Driver, pluginDriver);
      // Options belong to the driver that took them.
      const options = pluginDriver === recorded.driver ? recorded.options : {};
      await filling(() => extractArchive(artifact, volume), { driver: pluginDriver, options });
    },
  });

/** @throws DrillError `no-plugin` */
async function requireEnabledPlugin({ node }: Volume, driver: string): Promise<void> {
  const plugins = await node.engine.plugins.list();
  const plugin = plugins.find(({ Name }) => Name === driver);
  if (plugin?.Enabled) return;
  throw finding(`volume plugin ${driver}: ${plugin ? 'disabled' : 'missing'} on ${node.name}`, {
    code: 'no-plugin',
    node: node.name,
    hint: plugin
      ? `Find out why, then run "docker plugin enable ${driver}" there.`
      : 'Install it there first: a restored swarm has its services, but not its plugins.',
  });
}

/** @throws DrillError `other-driver` */
function requireDriver({ node, name }: Volume, actual: string, expected: string): void {
  if (actual === expected && actual !== 'local') return;
  const wanted = expected === 'local' ? 'a plugin with snapshots' : expected;
  throw finding(`volume ${name}: wrong driver on ${node.name} (expected ${wanted}, got ${actual})`, {
    code: 'other-driver',
    node: node.name,
    hint: 'Back it up with another method. To restore, use another name, or remove that volume first.',
  });
}

async function takeSnapshot({ node, name }: Volume, snapshot: string, driver: string): Promise<void> {
  await node.engine.volumes
    .create({ Name: snapshot, Driver: driver, DriverOpts: { 'snapshot-of': name } })
    .catch((cause: unknown) => {
      throw finding(`volume ${name}: the plugin could not take a snapshot`, {
        code: 'snapshot-failed',
        node: node.name,
        hint: 'Make room for a copy, and use a file system that shares blocks (btrfs, XFS) where a copy takes more than the two minutes that the engine waits.',
        cause,
      });
    });
}

/** Retries: the engine removes the container that read the snapshot a moment later. */
async function removeSnapshot(snapshot: Volume): Promise<void> {
  const { node, name } = snapshot;
  await waitUntil(
    `the snapshot ${name} to be free`,
    async () => {
      if (await inspectVolume(snapshot)) await node.engine.volumes.remove(name);
      return { done: true };
    },
    { limit: REMOVE_LIMIT },
  ).catch((cause: unknown) => {
    throw finding(`snapshot ${name}: could not be removed from ${node.name}`, {
      code: SNAPSHOT_LEFT,
      node: node.name,
      hint: `Remove it, since it takes room: "docker volume rm ${name}".`,
      cause,
    });
  });
}
