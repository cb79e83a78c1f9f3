// docs/swarm-facts.md: the engine of a manager can be replaced by a newer or an older one, on the same disk.
import { expect, test } from 'vitest';
import { ENGINE_VERSIONS, requireEngineVersion } from '../../src/lab/image/engine-versions.ts';
import { imageReference } from '../../src/lab/image/images.ts';
import { seconds } from '../../src/support/clock.ts';
import { waitUntil } from '../../src/support/poll.ts';
import type { Node } from '../../src/swarm/node/node.ts';
import { docker, initSwarm, openFactSite, untilManaging } from '../support/facts.ts';

const [oldest, ...newer] = ENGINE_VERSIONS;

/** Ids of the containers of the service that run. */
const untilServing = (node: Node): Promise<string> =>
  waitUntil(
    'the service',
    async () => {
      const running = await docker(
        node,
        'ps',
        '--quiet',
        '--filter',
        'label=com.docker.swarm.service.name=web',
      );
      return running === '' ? { notYet: 'it has no running container' } : { done: running };
    },
    { limit: seconds(60) },
  );

test('a manager keeps its swarm and its services through upgrades in place, and through a downgrade', async () => {
  await using site = await openFactSite('upgrade', oldest);
  let node = await site.node();
  await initSwarm(node);
  const identity = (): Promise<string> =>
    docker(node, 'info', '--format', '{{.Swarm.Cluster.ID}} {{.Swarm.NodeID}}');
  const image = imageReference(site.site.lab, 'toolbox');
  await docker(
    node,
    'service',
    'create',
    '--detach',
    '--no-resolve-image',
    '--name',
    'web',
    image,
    'sleep',
    '3600',
  );
  await untilServing(node);
  const before = await identity();
  for (const version of [...newer, oldest]) {
    node = await (await (await node.stop(seconds(20))).changeEngine(version)).start();
    await untilManaging(node);
    requireEngineVersion(
      node.name,
      version,
      await docker(node, 'version', '--format', '{{.Server.Version}}'),
    );
    expect(await identity()).toBe(before);
    await untilServing(node);
  }
});
