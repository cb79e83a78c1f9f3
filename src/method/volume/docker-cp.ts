// What `docker cp -a` does: the engine's archive call, on a container that mounts the volume and never runs.
import { z } from 'zod';
import type { Engine } from '../../lab/engine/engine.ts';
import { stopped } from '../../model/downtime.ts';
import type { ArtifactWriter } from '../../model/method.ts';
import { seconds } from '../../support/clock.ts';
import { DrillError, finding } from '../../support/errors.ts';
import { currentSignal, step, typed } from '../../support/trace.ts';
import { withCleanup } from '../../support/with-cleanup.ts';
import { withVolumeUnused } from '../container/stop-services.ts';
import type { Volume, VolumeMethod } from '../container/volume.ts';
import { defineVolumeMethod } from './define-volume-method.ts';
import { CONCURRENT_WRITES, NO_FLAGS, NO_SOCKETS } from './limits.ts';
import { verifyWholeTar } from './whole-tar.ts';

const FILE = 'volume.tar.zst';
const PATH = '/data';

export interface DockerCpOptions {
  /** Stops every service that uses the volume while it is copied. Default false. */
  readonly whileStopped?: boolean;
}

/** Copies a volume with the engine's archive call, as `docker cp -a` does. */
export const dockerCp = ({ whileStopped = false }: DockerCpOptions = {}): VolumeMethod =>
  defineVolumeMethod({
    name: whileStopped ? 'docker cp, while stopped' : 'docker cp',
    limits: [
      {
        sentence: 'extended attributes (except file capabilities) and ACLs',
        loses: ['extended attributes', 'ACLs'],
      },
      { sentence: 'holes in sparse files: they come back full of zeros', loses: ['sparse files'] },
      { sentence: 'times below a second', loses: ['mtime below a second'] },
      {
        sentence: 'times before 1970 and after 2262: they come back as 1970',
        loses: ['mtime before 1970', 'mtime after 2262'],
      },
      NO_SOCKETS,
      NO_FLAGS,
      ...(whileStopped ? [] : [CONCURRENT_WRITES]),
    ],
    metadata: z.object({ stopped }),

    async backup(volume, artifact, { copying }) {
      const copy = (): Promise<void> => copying(volume, () => copyVolume(volume, artifact));
      return { stopped: whileStopped ? await withVolumeUnused(volume, copy) : (await copy(), []) };
    },

    restore: (artifact, volume, filling) =>
      filling(() =>
        step(
          'docker cp',
          () =>
            withHolder(volume, async ({ containers }, holder) => {
              const tar = verifyWholeTar(artifact.open(FILE), 'the artifact');
              // Put next to the directory, not into it: only then does the directory itself get its owner, mode and time.
              await containers
                .writeArchive(holder, '/', tar, { keepOwners: true })
                .finally(() => tar.destroy());
            }),
          typed(
            volume.node,
            `docker cp -a - "$(docker create -v ${volume.name}:${PATH} <image> true)":/ <volume.tar`,
          ),
        ),
      ),
  });

const copyVolume = (volume: Volume, { put }: ArtifactWriter): Promise<void> =>
  withHolder(volume, async ({ containers }, holder) => {
    const read = await containers.readArchive(holder, PATH);
    // The engine keeps the container until the call has ended.
    await put(FILE, verifyWholeTar(read, `volume ${volume.name}`)).finally(() => read.destroy());
  });

/** Runs `body` with a container for the archive call to read. It is created and never started; any image would do. */
async function withHolder(
  { swarm, node, name }: Volume,
  body: (engine: Engine, holder: string) => Promise<void>,
): Promise<void> {
  const holder = await node.engine.containers.create({
    Image: swarm.imageOf('toolbox'),
    Entrypoint: ['true'],
    Cmd: [],
    HostConfig: { NetworkMode: 'none', Binds: [`${name}:${PATH}`] },
  });
  const copied = (): Promise<void> =>
    body(node.engine, holder).catch((cause: unknown) => {
      currentSignal().throwIfAborted();
      if (cause instanceof DrillError) throw cause;
      throw finding(`docker cp: the engine could not copy the volume ${name}`, {
        code: 'copy-failed',
        command: 'docker cp -a',
        node: node.name,
        cause,
      });
    });
  await withCleanup(copied, () => node.engine.containers.remove(holder), {
    code: 'helper-left',
    limit: seconds(30),
  });
}
