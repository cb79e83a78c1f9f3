// Decrypts a Fernet token (https://github.com/fernet/spec): what an engine in FIPS mode seals its raft keys with.
import { createDecipheriv, createHmac, timingSafeEqual } from 'node:crypto';

const VERSION = 0x80;
/** Bytes: of the version and the time before the initialisation vector, of that vector, of the signature at the end. */
const [HEAD, VECTOR, SIGNATURE] = [9, 16, 32];

/**
 * Returns the plain bytes. The age of the token does not matter.
 * @param key 32 bytes: 16 to sign, 16 to encrypt
 * @throws Error when the token was made with another key, or is damaged
 */
export function openFernet(token: Uint8Array, key: Uint8Array): Buffer {
  const bytes = Buffer.from(Buffer.from(token).toString('latin1'), 'base64url');
  const [signed, signature] = [bytes.subarray(0, -SIGNATURE), bytes.subarray(-SIGNATURE)];
  if (signed.length < HEAD + VECTOR || signed[0] !== VERSION) throw new Error('it is not a Fernet token');
  const expected = createHmac('sha256', key.subarray(0, 16)).update(signed).digest();
  if (!timingSafeEqual(expected, signature)) throw new Error('its signature does not match the key');
  const decipher = createDecipheriv(
    'aes-128-cbc',
    key.subarray(16, 32),
    signed.subarray(HEAD, HEAD + VECTOR),
  );
  return Buffer.concat([decipher.update(signed.subarray(HEAD + VECTOR)), decipher.final()]);
}
