// Ed25519 keys that sign evidence. A key is known by its id, the SHA-256 of its public part.
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { sha256 } from '../../support/sha256.ts';
import { usage } from '../../support/errors.ts';

/** A private key that is loaded. It can sign, and shows only its public part. */
export interface SigningKey {
  /** SHA-256 of the public key (SPKI, DER), in hexadecimal. */
  readonly id: string;
  /** SPKI as PEM. */
  readonly publicPem: string;
  readonly sign: (data: Uint8Array) => Buffer;
}

/** A new pair as PEM: the private part is PKCS#8, the public one SPKI. */
export interface KeyPair {
  readonly id: string;
  readonly privatePem: string;
  readonly publicPem: string;
}

export function createKeyPair(): KeyPair {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return {
    id: keyIdOf(publicKey),
    privatePem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicPem: toPem(publicKey),
  };
}

/** @param from where the text comes from, for messages @throws DrillError `usage` unless `pem` is an Ed25519 private key without a passphrase */
export function parseSigningKey(pem: string, from: string): SigningKey {
  const key = readKey(
    () => createPrivateKey(pem),
    from,
    'an Ed25519 private key (PKCS#8, PEM, without a passphrase)',
  );
  const publicKey = createPublicKey(key);
  return {
    id: keyIdOf(publicKey),
    publicPem: toPem(publicKey),
    sign: (data) => sign(null, data, key),
  };
}

/** Returns the id of a public key. @throws DrillError `usage` unless `pem` is an Ed25519 public key; a private one is refused */
export function parseKeyId(pem: string, from: string): string {
  const expected = 'an Ed25519 public key (SPKI, PEM)';
  // Node.js takes the public part of a private key, too, but a private key is not in its place where a public one belongs.
  if (/PRIVATE KEY/.test(pem))
    throw usage(
      `${from}: expected ${expected}, got a private key`,
      'Name the file with the public part; `swarm-drill keys show` prints it.',
    );
  return keyIdOf(readKey(() => createPublicKey(pem), from, expected));
}

const keyIdOf = (key: KeyObject): string => sha256(key.export({ type: 'spki', format: 'der' }));
const toPem = (key: KeyObject): string => key.export({ type: 'spki', format: 'pem' }).toString();

function readKey(read: () => KeyObject, from: string, expected: string): KeyObject {
  const hint = 'Make a pair with `swarm-drill keys init`, or name the file of another key.';
  let key: KeyObject;
  try {
    key = read();
  } catch {
    // The reason of the parser is left out: it is about bytes of the key.
    throw usage(`${from}: expected ${expected}, got something else`, hint);
  }
  if (key.asymmetricKeyType !== 'ed25519')
    throw usage(`${from}: expected ${expected}, got a key of the type ${key.asymmetricKeyType}`, hint);
  return key;
}
