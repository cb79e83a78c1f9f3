// Whether a restored swarm is the same one: its id, its root certificate, and the ids of its nodes.
import type { Check } from '../../model/check.ts';
import { sha256 } from '../../support/sha256.ts';
import type { Objects } from '../../swarm/inventory.ts';
import type { Swarm } from '../../swarm/swarm.ts';
import { differencesBetween } from '../inventory.ts';

/** Returns what identifies a swarm and its nodes to each other; the root certificate as a digest. */
export async function readIdentity(swarm: Swarm): Promise<Objects> {
  const { ID, TLSInfo } = await (await swarm.manager()).engine.swarm.inspect();
  const nodes = await Promise.all(
    swarm.nodes.map(async ({ name, engine }) => [`node ${name}`, (await engine.info()).Swarm.NodeID]),
  );
  return {
    cluster: ID,
    'root certificate': sha256(TLSInfo.TrustRoot),
    ...(Object.fromEntries(nodes) as Objects),
  };
}

/** Compares cluster id, root certificate and node ids: what joined earlier comes back only to the same swarm. */
export const identityMatches = (swarm: Swarm, baseline: Objects): Check => ({
  name: 'identity matches',
  required: true,
  doesNotProve: 'that another machine has not the same identity: fence what is left of the old swarm',
  covers: ['cluster identity'],
  async observe() {
    const now = await readIdentity(swarm);
    return {
      compared: Object.keys(baseline).length,
      differences: differencesBetween('identity', baseline, now),
    };
  },
});
