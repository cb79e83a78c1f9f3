// The files of the swarm directory that decide whether and how it can be restored: the node's certificate and key, and what it knew.
import { X509Certificate } from 'node:crypto';
import { SWARM } from '../engine/manager.ts';

export const NODE_KEY = `${SWARM}/certificates/swarm-node.key`;
export const NODE_CERTIFICATE = `${SWARM}/certificates/swarm-node.crt`;
/** The managers that the node last knew. */
export const KNOWN_MANAGERS = `${SWARM}/state.json`;
export const ENGINE_STATE = `${SWARM}/docker-state.json`;

/** Returns the node's id, the certificate's common name. @throws when it is not a certificate */
export const parseNodeId = (certificate: string): string | undefined =>
  /^CN=(.+)$/m.exec(new X509Certificate(certificate).subject)?.[1];

/**
 * Whether the swarm is autolocked: an engine that starts with an encrypted key needs the unlock key. The second form (PKCS#1) is what
 * engines before 18.06 wrote, until the key was replaced with the node's certificate.
 */
export const isKeyEncrypted = (key: string): boolean =>
  /^-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m.test(key);
