// A volume as a tar, through a helper container beside it: what `docker cp` does, with all the metadata that it drops.
import { finding } from '../support/errors.ts';
import type { Node } from '../swarm/node.ts';
import type { Swarm } from '../swarm/swarm.ts';
import type { Running } from '../lab/engine.ts';
import type { Method } from './method.ts';

/** A volume by its full name (stacks prefix names) on the node that holds it. */
export interface Volume {
  readonly swarm: Swarm;
  readonly node: Node;
  readonly name: string;
}

const FLAGS = ['--directory', '/data', '--xattrs', '--xattrs-include=*', '--acls', '--numeric-owner'];

export const volumeArchive: Method<Volume, Volume, void> = {
  name: 'volume archive',
  cannotHold: ['writes made while it is read: files that change under it come from different moments'],

  async backup({ node, name }, put) {
    // A mount by name would make a missing volume, empty, and the backup of nothing would succeed.
    const { Labels } = await node.docker
      .getVolume(name)
      .inspect()
      .catch((cause: unknown) => {
        throw finding(`there is no volume ${name} on ${node.name}`, { code: 'no-volume', cause });
      });
    const tar = await node.toolbox({
      argv: ['tar', '--create', '--sparse', '--format=posix', ...FLAGS, '.'],
      volumes: { [name]: '/data:ro' },
    });
    await put('volume.tar.zst', tar.io);
    await succeeded(tar, node);
    return { volume: name, labels: JSON.stringify(Labels ?? {}) };
  },

  async restore(artifact, { node, name }) {
    await node.docker.createVolume({
      Name: name,
      Labels: JSON.parse(artifact.claim['labels'] ?? '{}') as Record<string, string>,
    });
    const tar = await node.toolbox({
      argv: ['tar', '--extract', '--same-owner', '--same-permissions', ...FLAGS],
      volumes: { [name]: '/data' },
      input: artifact.open('volume.tar.zst'),
    });
    tar.io.resume();
    await succeeded(tar, node);
  },
};

async function succeeded(tar: Running, node: Node): Promise<void> {
  const exitCode = await tar.exitCode();
  if (exitCode !== 0)
    throw finding(`tar ended with exit code ${exitCode}`, {
      code: 'tar-failed',
      node: node.name,
      output: tar.stderr(),
    });
}
