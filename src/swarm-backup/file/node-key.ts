// The node's certificate and key as they lie in the swarm directory: whose they are, and whether an unlock key opens them.
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { SWARM } from '../engine/manager.ts';

export const NODE_KEY = `${SWARM}/certificates/swarm-node.key`;
export const NODE_CERTIFICATE = `${SWARM}/certificates/swarm-node.crt`;
/** The managers that the node knew. */
export const KNOWN_MANAGERS = `${SWARM}/state.json`;
export const ENGINE_STATE = `${SWARM}/docker-state.json`;

/** The node's id: the certificate's common name. @throws when it is none */
export const parseNodeId = (certificate: string): string | undefined =>
  /^CN=(.+)$/m.exec(new X509Certificate(certificate).subject)?.[1];

/** Whether the swarm is autolocked: an engine that starts with this key has to be told the unlock key. */
export const isKeyEncrypted = (key: string): boolean => key.includes('BEGIN ENCRYPTED PRIVATE KEY');

/** Whether `unlockKey` (`SWMKEY-1-…`) opens a locked key. It is the very passphrase that the node's key is encrypted with. */
export function canDecryptKey(key: string, unlockKey: string): boolean {
  // Swarm's own headers (which key version, raft's key) are nothing that OpenSSL knows.
  const pem = key.replaceAll(/^\S+: .*\n/gm, '').replaceAll(/^\s*\n/gm, '');
  try {
    createPrivateKey({ key: pem, passphrase: Buffer.from(unlockKey.replace('SWMKEY-1-', ''), 'base64') });
    return true;
  } catch {
    return false;
  }
}
