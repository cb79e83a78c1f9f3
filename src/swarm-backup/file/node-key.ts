// Reads the node's certificate and key in the swarm directory: node id, autolock, and whether an unlock key matches.
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { SWARM } from '../engine/manager.ts';

export const NODE_KEY = `${SWARM}/certificates/swarm-node.key`;
export const NODE_CERTIFICATE = `${SWARM}/certificates/swarm-node.crt`;
/** The managers that the node last knew. */
export const KNOWN_MANAGERS = `${SWARM}/state.json`;
export const ENGINE_STATE = `${SWARM}/docker-state.json`;

/** Returns the node's id, the certificate's common name. @throws when it is not a certificate */
export const parseNodeId = (certificate: string): string | undefined =>
  /^CN=(.+)$/m.exec(new X509Certificate(certificate).subject)?.[1];

/** Whether the swarm is autolocked: an engine that starts with an encrypted key needs the unlock key. */
export const isKeyEncrypted = (key: string): boolean => key.includes('BEGIN ENCRYPTED PRIVATE KEY');

/** Whether `unlockKey` (`SWMKEY-1-…`) decrypts an encrypted key: it is the passphrase of the node's key. */
export function canDecryptKey(key: string, unlockKey: string): boolean {
  // OpenSSL does not know Swarm's own headers (key version, raft's key).
  const pem = key.replaceAll(/^\S+: .*\n/gm, '').replaceAll(/^\s*\n/gm, '');
  try {
    createPrivateKey({ key: pem, passphrase: Buffer.from(unlockKey.replace('SWMKEY-1-', ''), 'base64') });
    return true;
  } catch {
    return false;
  }
}
