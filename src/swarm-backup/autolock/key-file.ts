// The file with a node's private key, `swarm-node.key`: PEM with headers, in which an engine also stores the keys of its raft log
// (swarmkit, ca/keyreadwriter.go and manager/deks.go). OpenSSL does not read a key with such headers.
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { finding } from '../../support/errors.ts';

export interface KeyFile {
  /** E.g. `ENCRYPTED PRIVATE KEY`. */
  readonly label: string;
  readonly headers: ReadonlyMap<string, string>;
  /** Base64, in lines. */
  readonly body: string;
}

const PEM =
  /-----BEGIN (?<label>[A-Z0-9 ]+)-----\n(?<head>(?:[^\n:]+:[^\n]*\n)*)\n?(?<body>[A-Za-z0-9+/=\n]+?)\n?-----END \k<label>-----/;

/** These two belong to a key that is encrypted in OpenSSL's older way, as engines before 18.06 wrote it (PKCS#1). */
const ENCRYPTION_HEADERS: readonly string[] = ['Proc-Type', 'DEK-Info'];

/** @throws DrillError `key-damaged` */
export function parseKeyFile(text: string): KeyFile {
  const { label, head = '', body } = PEM.exec(text.replaceAll('\r\n', '\n'))?.groups ?? {};
  if (label === undefined || body === undefined)
    throw finding('the node key is not a PEM file with a private key', {
      code: 'key-damaged',
      hint: 'Use another backup.',
    });
  const headers = head
    .split('\n')
    .filter(Boolean)
    .map((line): [string, string] => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
    });
  return { label, headers: new Map(headers), body };
}

/** Returns the text of the file; Go reads headers in any order. */
export const formatKeyFile = ({ label, headers, body }: KeyFile): string =>
  [
    `-----BEGIN ${label}-----`,
    ...[...headers].map(([name, value]) => `${name}: ${value}`),
    ...(headers.size > 0 ? [''] : []),
    body,
    `-----END ${label}-----`,
    '',
  ].join('\n');

/** Headers that are the engine's own: OpenSSL needs the others to decrypt the key. */
export const engineHeaders = ({ headers }: KeyFile): Map<string, string> =>
  new Map([...headers].filter(([name]) => !ENCRYPTION_HEADERS.includes(name)));

/** Decrypts the private key. @throws DrillError `wrong-unlock-key` */
export function openPrivateKey(file: KeyFile, unlockKey: string): KeyObject {
  const headers = new Map([...file.headers].filter(([name]) => ENCRYPTION_HEADERS.includes(name)));
  try {
    return createPrivateKey({
      key: formatKeyFile({ ...file, headers }),
      passphrase: unlockKeyBytes(unlockKey),
    });
  } catch {
    // The cause is left out: it may quote what it could not read.
    throw finding('the unlock key does not match the key that this manager is locked with', {
      code: 'wrong-unlock-key',
      hint: 'Unlock keys are rotated: use the current key for a backup, and the key from the time of the backup for a restore.',
    });
  }
}

/** The passphrase itself: the text after `SWMKEY-1-` is 32 random bytes in base64 without padding (swarmkit, manager/encryption). */
export const unlockKeyBytes = (unlockKey: string): Buffer =>
  Buffer.from(unlockKey.replace(/^SWMKEY-1-/, ''), 'base64');
