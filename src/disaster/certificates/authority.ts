// A certificate authority whose key this program has: the swarm's own is in raft and is never given out.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { seconds } from '../../support/clock.ts';
import { waitUntil } from '../../support/poll.ts';
import { step } from '../../support/trace.ts';
import type { Node } from '../../swarm/node/node.ts';
import type { Swarm } from '../../swarm/swarm.ts';

const CREATE = readFileSync(join(import.meta.dirname, 'create-authority.sh'), 'utf8');

/** A root certificate and its private key, as PEM text. */
export interface CertificateAuthority {
  readonly certificate: string;
  readonly key: string;
}

/** Every node gets a new certificate. */
const ROTATION_LIMIT = seconds(60);

/**
 * Makes a new root certificate and rotates the swarm to it, as `docker swarm ca --rotate --ca-cert … --ca-key …` does: a certificate
 * that has expired can then be signed by the swarm's own authority. Do this before the backup, with every node running.
 * @throws DrillError `wait-timeout` if a node does not get a certificate of it
 */
export async function takeOverAuthority(swarm: Swarm): Promise<CertificateAuthority> {
  return step('rotate the certificate authority to a known one', async () => {
    const output = await swarm.site.execInVolumeHelper(['sh', '-c', CREATE]);
    const [certificate = '', key = ''] = output.split(/(?<=-----END CERTIFICATE-----\n)/);
    const { engine } = await swarm.manager();
    const { Version, Spec } = await engine.swarm.inspect();
    const CAConfig = { ...(Spec['CAConfig'] as object), SigningCACert: certificate, SigningCAKey: key };
    await engine.swarm.update(Version, { ...Spec, CAConfig });
    await waitUntil('the certificates of the new authority', () => findOldCertificate(swarm, certificate), {
      limit: ROTATION_LIMIT,
    });
    return { certificate, key };
  });
}

async function findOldCertificate(swarm: Swarm, certificate: string) {
  const { RootRotationInProgress, TLSInfo } = await (await swarm.manager()).engine.swarm.inspect();
  if (RootRotationInProgress === true || TLSInfo.TrustRoot.trim() !== certificate.trim())
    return { notYet: 'the swarm still trusts the old authority' };
  for (const node of swarm.nodes)
    if ((await readRoot(node)).trim() !== certificate.trim())
      return { notYet: `${node.name} still trusts the old authority` };
  return { done: true };
}

const readRoot = (node: Node): Promise<string> =>
  node.exec(['cat', '/var/lib/docker/swarm/certificates/swarm-root-ca.crt']);
