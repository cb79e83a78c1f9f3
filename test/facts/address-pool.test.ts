// docs/swarm-facts.md: a forced initialisation and the address pool.
import { describe, expect, test } from 'vitest';
import { ENGINE_VERSIONS } from '../../src/lab/image/engine-versions.ts';
import {
  docker,
  forceNewCluster,
  initSwarm,
  joinAsManager,
  openFactSite,
  restartNode,
  subnetOfNewNetwork,
  untilManaging,
} from '../support/facts.ts';

const POOL = ['--default-addr-pool', '10.77.0.0/16', '--default-addr-pool-mask-length', '26'];
const FROM_POOL = /^10\.77\.\d+\.\d+\/26$/;
const BUILT_IN = /^10\.(?!77\.)\d+\.\d+\.\d+\/24$/;

describe.each(ENGINE_VERSIONS)('engine %s', (version) => {
  // The CLI sends an empty list since version 25, and none before. An empty list is not "none" to the engine.
  const isLost = version !== '20.10';
  // In 26.1 the pool is also kept in a variable of the process, which a second initialisation without a pool leaves as it is.
  const isLostAtOnce = version === '28.5';
  const result = isLost ? 'loses it for new networks' : 'keeps it';

  test(`a forced initialisation without the pool ${result}`, async () => {
    await using site = await openFactSite('pool', version);
    const [first, second] = await Promise.all([site.node(1), site.node(2)]);
    await initSwarm(first, ...POOL);
    expect(await subnetOfNewNetwork(first, 'before')).toMatch(FROM_POOL);

    await forceNewCluster(first);
    await untilManaging(first);
    expect(await subnetOfNewNetwork(first, 'after')).toMatch(isLostAtOnce ? BUILT_IN : FROM_POOL);

    // The manager has written the empty list down.
    const again = await restartNode(first);
    expect(await subnetOfNewNetwork(again, 'after-restart')).toMatch(isLost ? BUILT_IN : FROM_POOL);
    // Nothing shows it: the swarm still calls the pool its own, and the old network has its subnet.
    expect(await docker(again, 'info', '--format', '{{.Swarm.Cluster.DefaultAddrPool}}')).toBe(
      '[10.77.0.0/16]',
    );
    expect(
      await docker(again, 'network', 'inspect', '--format', '{{(index .IPAM.Config 0).Subnet}}', 'before'),
    ).toMatch(FROM_POOL);

    // A leader that was not initialised by force reads the pool of the swarm.
    await joinAsManager(again, second);
    await docker(second, 'node', 'demote', 'manager-1');
    await untilManaging(second);
    expect(await subnetOfNewNetwork(second, 'other-leader')).toMatch(FROM_POOL);
  });

  test('a forced initialisation with the pool keeps it', async () => {
    await using site = await openFactSite('pool-given', version);
    const node = await site.node();
    await initSwarm(node, ...POOL);
    await forceNewCluster(node, ...POOL);
    await untilManaging(node);
    expect(await subnetOfNewNetwork(node, 'after')).toMatch(FROM_POOL);
    expect(await subnetOfNewNetwork(await restartNode(node), 'after-restart')).toMatch(FROM_POOL);
  });
});
