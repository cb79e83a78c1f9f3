// Encrypts and decrypts a swarm file as a stream, with age (https://age-encryption.org/v1): for recipients or with a passphrase.
// `age -d` decrypts it as well.
import { Decrypter, Encrypter, identityToRecipient, type Identity, type Stanza } from 'age-encryption';
import { Readable } from 'node:stream';
import { type DrillError, finding, reasonOf, usage } from '../../support/errors.ts';

/** What a file is encrypted with. */
export type SealingKey =
  | { readonly recipients: readonly string[] }
  | {
      readonly passphrase: string;
      /** What one guess of the passphrase costs: the binary logarithm of scrypt's N. Default 18, as in age; at least 16. */
      readonly workFactor?: number;
    };
/** What decrypts one. */
export type OpeningKey =
  { readonly identities: readonly (string | Identity)[] } | { readonly passphrase: string };

type Bytes = globalThis.ReadableStream<Uint8Array>;
const web = (stream: Readable): Bytes => Readable.toWeb(stream);
const node = (stream: Bytes): Readable => Readable.fromWeb(stream);

const DEFAULT_WORK_FACTOR = 18;
/** 64 MiB of memory for one guess; less is too little for a file that an attacker may have. */
const LEAST_WORK_FACTOR = 16;

/**
 * @returns the encrypted stream, and a key that this process can read it back with
 * @throws DrillError of usage when the work factor is too small
 */
export async function sealStream(
  plain: Readable,
  lock: SealingKey,
): Promise<{ sealed: Readable; key: OpeningKey }> {
  const encrypter = new Encrypter();
  let key: OpeningKey;
  if ('passphrase' in lock) {
    const { passphrase, workFactor = DEFAULT_WORK_FACTOR } = lock;
    if (!(workFactor >= LEAST_WORK_FACTOR))
      throw usage(
        `the work factor of a passphrase: expected at least ${LEAST_WORK_FACTOR}, got ${workFactor}`,
        `Leave it out; it is ${DEFAULT_WORK_FACTOR} then.`,
      );
    encrypter.setPassphrase(passphrase);
    encrypter.setScryptWorkFactor(workFactor);
    key = { passphrase };
  } else {
    for (const recipient of lock.recipients) encrypter.addRecipient(recipient);
    // A recipient that adds nothing to the file and remembers the file's own key.
    let fileKey: Uint8Array | null = null;
    encrypter.addRecipient({
      wrapFileKey(bytes) {
        fileKey = bytes.slice();
        return [];
      },
    });
    key = { identities: [{ unwrapFileKey: () => fileKey }] };
  }
  return { sealed: node(await encrypter.encrypt(web(plain))), key };
}

/**
 * Decrypts a stream. A flipped bit or a missing end is an error of the stream.
 * @throws DrillError `wrong-key`, `not-a-swarm-file`, `file-damaged`
 */
export async function openSealed(sealed: Readable, key: OpeningKey, name: string): Promise<Readable> {
  const decrypter = new Decrypter();
  const stanzaTypes = new Set<string>();
  decrypter.addIdentity({
    unwrapFileKey(stanzas: Stanza[]) {
      for (const { args } of stanzas) stanzaTypes.add(args[0] ?? '');
      return null;
    },
  });
  if ('passphrase' in key) decrypter.addPassphrase(key.passphrase);
  else for (const identity of key.identities) decrypter.addIdentity(identity);
  try {
    return node(await decrypter.decrypt(web(sealed)));
  } catch (cause) {
    sealed.destroy();
    throw refusal(reasonOf(cause), name, 'passphrase' in key, stanzaTypes);
  }
}

function refusal(reason: string, name: string, byPassphrase: boolean, stanzaTypes: Set<string>): DrillError {
  if (stanzaTypes.size === 0)
    return finding(`${name} is not an age file: ${reason}`, {
      code: 'not-a-swarm-file',
      hint: 'Give the file that `swarm-drill swarm backup` wrote, unchanged (not armoured, not decrypted).',
    });
  if (!reason.startsWith('no identity matched'))
    return finding(`${name} has a damaged header: ${reason}`, { code: 'file-damaged' });
  const needsPassphrase = stanzaTypes.has('scrypt');
  return finding(
    needsPassphrase === byPassphrase
      ? `the ${byPassphrase ? 'passphrase' : 'identity'} does not decrypt ${name}`
      : `${name} is encrypted ${needsPassphrase ? 'with a passphrase' : 'for recipients'}, and ${byPassphrase ? 'a passphrase' : 'an identity'} was given`,
    {
      code: 'wrong-key',
      hint: needsPassphrase
        ? 'Give the passphrase it was made with, with --passphrase-file.'
        : 'Give the identity of one of its recipients, with --identity-file.',
    },
  );
}

/** @throws DrillError of usage, without the text itself: it may be a secret given by mistake */
export function checkRecipient(word: string, where: string): void {
  if (/^AGE-SECRET-KEY-/i.test(word))
    throw usage(
      `${where}: expected a recipient, got an identity, which is secret`,
      'Create a new identity (this one may have been seen), and give the recipient that `age-keygen -y` prints: age1….',
    );
  try {
    new Encrypter().addRecipient(word);
  } catch {
    throw usage(
      `${where}: expected an age recipient (age1…), got ${word.length} other characters`,
      'SSH keys are not supported. Create a key pair with age-keygen.',
    );
  }
}

/** @throws DrillError of usage, without the text itself */
export async function checkIdentity(word: string, where: string): Promise<void> {
  try {
    await identityToRecipient(word);
  } catch {
    throw usage(
      `${where}: expected an age identity (AGE-SECRET-KEY-1…), got ${word.length} other characters`,
      'Give a file as age-keygen writes it. Decrypt an encrypted identity file first.',
    );
  }
}
