// Public keys, which the auditor got from the people that hold the private ones, never from the directory that is verified.
import { createPublicKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { usage } from '../../support/errors.ts';
import { sha256 } from '../../support/sha256.ts';
import { type Bundle, isSignedBy } from './bundle.ts';

export interface PublicKey {
  /** SHA-256 of SPKI in DER, hexadecimal. */
  readonly id: string;
  readonly key: KeyObject;
}

/** @throws DrillError `usage` unless `file` has an Ed25519 public key as PEM */
export function readPublicKey(file: string): PublicKey {
  let key: KeyObject;
  try {
    const pem = readFileSync(file, 'utf8');
    if (pem.includes('PRIVATE KEY')) throw new Error('this is a private key');
    key = createPublicKey(pem);
  } catch (error) {
    throw usage(
      `${file}: expected an Ed25519 public key as PEM: ${error instanceof Error ? error.message : ''}`,
      'Pass the public key that you got from the person or team whose evidence you verify.',
    );
  }
  if (key.asymmetricKeyType !== 'ed25519')
    throw usage(
      `${file}: expected an Ed25519 public key, got ${key.asymmetricKeyType ?? 'another type'}`,
      'swarm-drill signs with Ed25519 only.',
    );
  return { id: sha256(key.export({ type: 'spki', format: 'der' })), key };
}

export type SignatureState = 'valid' | 'invalid' | 'unknown key';

/** Finds the key that the bundle names among `keys`, and verifies the signature with it. */
export function verifySignature(bundle: Bundle, keys: readonly PublicKey[]): SignatureState {
  const key = keys.find(({ id }) => id === bundle.keyId);
  if (!key) return 'unknown key';
  return isSignedBy(bundle, key.key) ? 'valid' : 'invalid';
}

/** Returns the first digits of an id, as people compare them. */
export const shortId = (id: string): string => id.slice(0, 16);
