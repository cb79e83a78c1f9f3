// A node like Docker's official image, whose programs are BusyBox's: what runs inside a node takes only options that POSIX has.
import { expect, test } from 'vitest';
import { siteManager } from '../../../src/swarm-backup/engine/site-node.ts';
import { ensureImage } from '../../../src/lab/image/images.ts';
import type { ImageRecipe } from '../../../src/lab/lab.ts';
import * as methods from '../../../src/method/methods.ts';
import { Scope } from '../../../src/support/scope.ts';
import type { Node } from '../../../src/swarm/node/node.ts';
import { Vault } from '../../../src/vault/vault.ts';
import {
  expectedLosses,
  lostAspects,
  openTestSite,
  readManifest,
  seed,
  startUser,
  stateOf,
} from '../../support/volumes.ts';

const busyboxImage: ImageRecipe = {
  role: 'busybox',
  registry: 'busybox:1.37',
  debian: { packages: ['busybox-static'] },
};

/** Before all others on the PATH of a node. */
const FIRST = '/usr/local/sbin';
const INSTALL = `container=$(docker create --network none --entrypoint busybox "$0")
docker cp -L "$container:/usr/bin/busybox" "$1/busybox"
docker rm "$container" >/dev/null
"$1/busybox" --install -s "$1"`;

/** Does nothing on a node that has BusyBox. */
async function installBusyBox(node: Node): Promise<void> {
  if (await hasBusyBox(node)) return;
  const { reference } = await ensureImage(node.engine, busyboxImage, 'debian', () => {});
  await node.exec(['sh', '-euc', INSTALL, reference, FIRST]);
}

const hasBusyBox = async (node: Node): Promise<boolean> =>
  (await node.exec(['sh', '-c', 'tar --help 2>&1; true'])).includes('BusyBox');

test('starts, backs up and restores with BusyBox first on the PATH of the node', async () => {
  await using site = await openTestSite('busybox');
  // Closed before the site: the vault's gateway is in its network.
  await using scope = new Scope();
  const { swarm } = site;
  await installBusyBox(swarm.node('manager-1'));
  // The start script runs again, too.
  swarm.replace(await (await swarm.node('manager-1').stop()).start());
  await swarm.ready();
  const node = swarm.node('manager-1');
  expect(await hasBusyBox(node)).toBe(true);

  const files = site.volume('files');
  const before = await seed(files);
  await startUser(files, 'web');
  const service = await stateOf(swarm, 'web');
  const vault = await Vault.open(swarm.site, scope, () => {});
  for (const method of [methods.volumeArchive(), methods.dockerCp({ whileStopped: true })]) {
    const restored = site.volume(`restored-${method.name.length}`);
    await (await vault.keep(method, files)).restoreInto(restored);
    expect(await lostAspects(before, await readManifest(restored))).toEqual(
      await expectedLosses(method, before),
    );
  }
  expect(await stateOf(swarm, 'web')).toEqual(service);

  await vault.keep(methods.swarmState(), swarm);
  await vault.keep(methods.swarmState({ hot: true }), swarm);
  await swarm.ready();
  expect((await swarm.inventory()).objects.services).toHaveProperty('web');
  const { root } = siteManager(swarm.site, node);
  expect(await root.list('swarm')).toContain('certificates');
});
