// Key files of autolocked managers, made by Node.js and NaCl as an engine makes them.
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { secretbox } from '@noble/ciphers/salsa.js';
import { generateKeyPairSync, randomBytes } from 'node:crypto';

/** An unlock key, as `docker swarm unlock-key -q` prints it. */
export const newUnlockKey = (): string => `SWMKEY-1-${randomBytes(32).toString('base64').replace(/=$/, '')}`;

const bytesOf = (unlockKey: string): Buffer => Buffer.from(unlockKey.slice('SWMKEY-1-'.length), 'base64');

/** A record of swarmkit, in base64. */
export function record(algorithm: number, data: Uint8Array, nonce = new Uint8Array()): string {
  const writer = new BinaryWriter();
  if (algorithm !== 0) writer.tag(1, WireType.Varint).int32(algorithm);
  writer.tag(2, WireType.LengthDelimited).bytes(data);
  if (nonce.length > 0) writer.tag(3, WireType.LengthDelimited).bytes(nonce);
  return Buffer.from(writer.finish()).toString('base64');
}

export function naclRecord(raftKey: Uint8Array, unlockKey: string): string {
  const nonce = randomBytes(24);
  return record(1, secretbox(bytesOf(unlockKey), nonce).seal(raftKey), nonce);
}

export interface SealedKeyOptions {
  /** Default: `raft-dek` with `raftKey`, and the version 12. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Default: PKCS#8. */
  readonly type?: 'pkcs8' | 'sec1';
}

export interface SealedKey {
  readonly text: string;
  /** The private key in PEM, not encrypted. */
  readonly privateKey: string;
  readonly raftKey: Buffer;
}

/** A key file that `unlockKey` opens. */
export function sealedKey(unlockKey: string, { headers, type = 'pkcs8' }: SealedKeyOptions = {}): SealedKey {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const raftKey = randomBytes(32);
  const sealed = privateKey
    .export({ type, format: 'pem', cipher: 'aes-256-cbc', passphrase: bytesOf(unlockKey) })
    .toString();
  const own = headers ?? { 'kek-version': '12', 'raft-dek': naclRecord(raftKey, unlockKey) };
  const lines = Object.entries(own).map(([name, value]) => `${name}: ${value}\n`);
  const [first = '', ...rest] = sealed.split('\n');
  // PKCS#1 has headers already.
  const gap = type === 'pkcs8' ? '\n' : '';
  return {
    text: `${first}\n${lines.join('')}${gap}${rest.join('\n')}`,
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    raftKey,
  };
}
