// Whether the engine of each node says that it takes part in its swarm, and with a certificate that is valid.
import { X509Certificate } from 'node:crypto';
import type { Check } from '../../model/check.ts';
import type { Swarm } from '../../swarm/swarm.ts';

/**
 * Asks every engine for the state of its swarm (`docker info`). An engine answers all other requests also when its raft log is damaged, its
 * disk was full or its certificate has expired: only this state and its error show it.
 */
export const nodesActive = (swarm: Swarm): Check => ({
  name: 'nodes active',
  required: true,
  doesNotProve: 'that their tasks run',
  covers: ['nodes'],
  async observe() {
    const states = await Promise.all(
      swarm.nodes.map(async ({ name, engine }) => ({ name, ...(await engine.info()).Swarm })),
    );
    return {
      compared: states.length,
      differences: states
        .filter((state) => state.LocalNodeState !== 'active' || state.Error !== '')
        .map((state) => `${state.name}: expected active, got ${state.LocalNodeState} ${state.Error}`.trim()),
    };
  },
});

const CERTIFICATE = '/var/lib/docker/swarm/certificates/swarm-node.crt';

/** Reads the certificate on the disk of every node, which its next start will use. */
export const certificatesValid = (swarm: Swarm): Check => ({
  name: 'certificates valid',
  required: true,
  doesNotProve: 'that they are renewed before they end',
  covers: [],
  async observe() {
    const ends = await Promise.all(
      swarm.nodes.map(async (node) => ({
        name: node.name,
        end: new Date(new X509Certificate(await node.exec(['cat', CERTIFICATE])).validTo),
      })),
    );
    return {
      compared: ends.length,
      differences: ends
        .filter(({ end }) => end.getTime() <= Date.now())
        .map(({ name, end }) => `${name}: its certificate has expired on ${end.toISOString()}`),
    };
  },
});
