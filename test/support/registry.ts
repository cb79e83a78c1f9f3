// A registry on a node, so that clients get digests and platforms from it as they do from a public one.
import { connect } from '../../src/lab/engine/connect.ts';
import { ensureImage } from '../../src/lab/image/images.ts';
import type { ImageRecipe } from '../../src/lab/lab.ts';
import { seconds } from '../../src/support/clock.ts';
import { waitUntil } from '../../src/support/poll.ts';
import type { Node } from '../../src/swarm/node/node.ts';
import type { Swarm } from '../../src/swarm/swarm.ts';

/** An address of the node itself: engines trust it without a certificate. */
const ADDRESS = '127.0.0.1:5000';

const CONFIG = `version: 0.1
storage: { filesystem: { rootdirectory: /var/lib/registry } }
http: { addr: '${ADDRESS}' }
`;

const registryRecipe: ImageRecipe = {
  role: 'registry',
  registry: 'registry:2.8.3',
  debian: {
    packages: ['docker-registry'],
    files: { 'etc/docker/registry/config.yml': CONFIG },
    changes: ['ENTRYPOINT ["docker-registry", "serve", "/etc/docker/registry/config.yml"]'],
  },
};

/** Starts the registry on the node and pushes `app:1` and `app:2`, images that no task can run. @returns the name of `app` */
export async function startRegistry({ site }: Swarm, node: Node): Promise<string> {
  const { lab } = site;
  const run = (...argv: readonly string[]): Promise<string> => node.exec(['docker', ...argv]);
  await run('run', '--detach', '--name', 'registry', '--network', 'host', await loadImage());
  const app = `${ADDRESS}/app`;
  for (const tag of ['1', '2']) {
    const importImage =
      'echo "$0" >/tmp/content; tar -c -C /tmp content | docker import - "$0"; rm /tmp/content';
    await node.exec(['sh', '-euc', importImage, `${app}:${tag}`]);
    await waitUntil(
      'the registry to take an image',
      async () => ({ done: await run('push', '--quiet', `${app}:${tag}`) }),
      { limit: seconds(20) },
    );
  }
  return app;

  async function loadImage(): Promise<string> {
    const progress = (): void => undefined;
    if (lab.kind === 'embedded')
      return (await ensureImage(node.engine, registryRecipe, 'debian', progress)).reference;
    const outer = connect(lab.host);
    const { reference } = await ensureImage(outer, registryRecipe, 'registry', progress);
    await node.exec(['docker', 'load', '--quiet'], { input: await outer.images.save(reference) });
    return reference;
  }
}
