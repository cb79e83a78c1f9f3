// docs/swarm-facts.md: a manager that lost its quorum, and whose engine was started again, takes a forced initialisation.
import { describe, expect, test } from 'vitest';
import { ENGINE_VERSIONS } from '../../src/lab/image/engine-versions.ts';
import { monotonic, seconds } from '../../src/support/clock.ts';
import {
  docker,
  forceNewCluster,
  initSwarm,
  joinAsManager,
  openFactSite,
  untilManaging,
} from '../support/facts.ts';

/** Seconds that an engine waits for its swarm when it starts (swarmConnectTimeout in moby's daemon/cluster), less what it has waited before it listens. */
const SWARM_WAIT = 15;

describe.each(ENGINE_VERSIONS)('engine %s', (version) => {
  test('waits 20 s for its lost peers, then takes a forced initialisation with docker-state.json in place', async () => {
    await using site = await openFactSite('quorum', version);
    const [first, second] = await Promise.all([site.node(1), site.node(2)]);
    await initSwarm(first);
    const cluster = await docker(first, 'info', '--format', '{{.Swarm.Cluster.ID}}');
    await joinAsManager(first, second);
    await second.destroy();
    const stopped = await first.stop(seconds(5));
    const began = monotonic();
    const again = await stopped.start();
    expect(monotonic() - began).toBeGreaterThan(SWARM_WAIT);
    expect(await docker(again, 'info', '--format', '{{.Swarm.LocalNodeState}} {{.Swarm.Error}}')).toMatch(
      /^pending .*does not have a leader/,
    );
    await forceNewCluster(again);
    await untilManaging(again);
    expect(await docker(again, 'info', '--format', '{{.Swarm.Cluster.ID}}')).toBe(cluster);
  });
});
