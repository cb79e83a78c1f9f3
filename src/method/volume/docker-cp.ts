// What `docker cp -a` does: the engine's archive call, on a container that mounts the volume and never runs.
import type { Readable } from 'node:stream';
import type { Docker } from '../../lab/engine/connect.ts';
import { seconds } from '../../support/clock.ts';
import { DrillError, finding } from '../../support/errors.ts';
import { currentSignal } from '../../support/trace.ts';
import { withCleanup } from '../../support/with-cleanup.ts';
import { restoreIntoEmptyVolume } from '../container/empty-volume.ts';
import type { Method } from '../../model/method.ts';
import { withVolumeUnused } from '../container/stop-services.ts';
import { verifyWholeTar } from './whole-tar.ts';
import { volumeMetadata, requireFilledVolume, type Volume } from '../container/volume.ts';

const FILE = 'volume.tar.zst';
const PATH = '/data';

const LOST =
  'extended attributes and ACLs (file capabilities stay), holes in sparse files, times below a second, sockets';

/** SidecarSpec a service that goes on writing. */
export const dockerCp: Method<Volume, Volume, void> = {
  name: 'docker cp',
  cannotHold: [LOST, 'writes made while it is read: files that change under it come from different moments'],
  loses: ['mtime below a second', 'extended attributes', 'ACLs', 'sparse files'],

  async backup(volume, { put }) {
    const facts = await requireFilledVolume(volume);
    await withHolder(volume, async (holder) => {
      const read = (await holder.getArchive({ path: PATH })) as Readable;
      // Until the call has ended the engine holds on to the container.
      await put(FILE, verifyWholeTar(read, `what was read of ${volume.name}`)).finally(() => read.destroy());
    });
    return volumeMetadata(volume, facts);
  },

  async restore(artifact, volume) {
    await restoreIntoEmptyVolume(volume, artifact.metadata, () =>
      withHolder(volume, async (holder) => {
        const tar = verifyWholeTar(artifact.open(FILE), 'the artifact');
        // Put beside the directory, not into it: only so does the directory itself get its owner, mode and time.
        await holder.putArchive(tar, { path: '/', copyUIDGID: '1' }).finally(() => tar.destroy());
      }),
    );
  },
};

/** With every service that uses the volume stopped for the time of the copy. */
export const dockerCpStopped: Method<Volume, Volume, void> = {
  ...dockerCp,
  name: 'docker cp, service stopped',
  cannotHold: [LOST],

  async backup(volume, deposit) {
    await requireFilledVolume(volume);
    return withVolumeUnused(volume, () => dockerCp.backup(volume, deposit));
  },
};

/** A container for the archive call to look into. It is created and never started; any image would do. */
async function withHolder(
  { swarm, node, name }: Volume,
  body: (holder: Docker.Container) => Promise<void>,
): Promise<void> {
  const holder = await node.docker.createContainer({
    Image: swarm.imageOf('toolbox'),
    Entrypoint: ['true'],
    Cmd: [],
    HostConfig: { NetworkMode: 'none', Binds: [`${name}:${PATH}`] },
  });
  const copied = (): Promise<void> =>
    body(holder).catch((cause: unknown) => {
      currentSignal().throwIfAborted();
      if (cause instanceof DrillError) throw cause;
      throw finding(`the engine could not copy the volume ${name}`, {
        code: 'copy-failed',
        command: 'docker cp -a',
        node: node.name,
        cause,
      });
    });
  await withCleanup(copied, () => holder.remove({ force: true }), {
    code: 'helper-left',
    limit: seconds(30),
  });
}
