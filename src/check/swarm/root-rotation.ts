// Check of the root certificate of a swarm: the same as before, and no rotation in progress.
import type { Check } from '../../model/check.ts';
import { sha256 } from '../../support/sha256.ts';
import type { Swarm } from '../../swarm/swarm.ts';

/** Returns the SHA-256 of the swarm's root certificate. */
export const readRootCertificate = async (swarm: Swarm): Promise<string> =>
  sha256((await (await swarm.manager()).engine.swarm.inspect()).TLSInfo.TrustRoot);

/**
 * Compares the root certificate with `expected`, and expects that it is not being rotated. A rotation ends only when every node that
 * the swarm lists has a new certificate: with nodes that no longer exist it never ends.
 * @param expected as `baselines.rootCertificate` returned it
 */
export const rootCertificateStable = (swarm: Swarm, expected: string): Check => ({
  name: 'root certificate stable',
  required: true,
  doesNotProve: 'that a rotation which is started later ends',
  covers: ['cluster identity'],
  async observe() {
    const { TLSInfo, RootRotationInProgress } = await (await swarm.manager()).engine.swarm.inspect();
    return {
      compared: 2,
      differences: [
        ...(sha256(TLSInfo.TrustRoot) === expected
          ? []
          : ['expected the same root certificate, got another one']),
        ...(RootRotationInProgress
          ? ['expected no rotation of the root certificate, one is in progress']
          : []),
      ],
    };
  },
});
