// The encryption of a swarm file: age (https://age-encryption.org/v1), streaming, for recipients or with a passphrase. `age -d`
// opens it just as well.
import { Decrypter, Encrypter, identityToRecipient, type Identity, type Stanza } from 'age-encryption';
import { Readable } from 'node:stream';
import { type DrillError, finding, reasonOf, usage } from '../../support/errors.ts';

/** Whom a file is closed for. */
export type SealingKey = { readonly recipients: readonly string[] } | { readonly passphrase: string };
/** What opens one. */
export type OpeningKey =
  { readonly identities: readonly (string | Identity)[] } | { readonly passphrase: string };

type Bytes = globalThis.ReadableStream<Uint8Array>;
const web = (stream: Readable): Bytes => Readable.toWeb(stream);
const node = (stream: Bytes): Readable => Readable.fromWeb(stream);

/** @returns the sealed stream, and a key that opens it again while this process lives, to read back what was written */
export async function sealStream(
  plain: Readable,
  lock: SealingKey,
): Promise<{ sealed: Readable; key: OpeningKey }> {
  const encrypter = new Encrypter();
  let key: OpeningKey;
  if ('passphrase' in lock) {
    encrypter.setPassphrase(lock.passphrase);
    key = lock;
  } else {
    for (const recipient of lock.recipients) encrypter.addRecipient(recipient);
    // A recipient that adds nothing to the file, and remembers the file's own key.
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
 * What was sealed. A bit that was flipped, or an end that is missing, is an error of the stream.
 * @throws DrillError `wrong-key`, `not-a-swarm-file`, `file-damaged`
 */
export async function openSealed(sealed: Readable, key: OpeningKey, name: string): Promise<Readable> {
  const decrypter = new Decrypter();
  const closedFor = new Set<string>();
  decrypter.addIdentity({
    unwrapFileKey(stanzas: Stanza[]) {
      for (const { args } of stanzas) closedFor.add(args[0] ?? '');
      return null;
    },
  });
  if ('passphrase' in key) decrypter.addPassphrase(key.passphrase);
  else for (const identity of key.identities) decrypter.addIdentity(identity);
  try {
    return node(await decrypter.decrypt(web(sealed)));
  } catch (cause) {
    sealed.destroy();
    throw refusal(reasonOf(cause), name, 'passphrase' in key, closedFor);
  }
}

function refusal(reason: string, name: string, byPassphrase: boolean, closedFor: Set<string>): DrillError {
  if (closedFor.size === 0)
    return finding(`${name} is no file that age has sealed: ${reason}`, {
      code: 'not-a-swarm-file',
      hint: 'give the file that `swarm-drill swarm backup` wrote, as it wrote it (not armoured, not decrypted)',
    });
  if (!reason.startsWith('no identity matched'))
    return finding(`${name} is damaged in its head: ${reason}`, { code: 'file-damaged' });
  const needsPassphrase = closedFor.has('scrypt');
  return finding(
    needsPassphrase === byPassphrase
      ? `the ${byPassphrase ? 'passphrase' : 'identity'} does not open ${name}`
      : `${name} was sealed ${needsPassphrase ? 'with a passphrase' : 'for recipients'}, and ${byPassphrase ? 'a passphrase' : 'an identity'} was given`,
    {
      code: 'wrong-key',
      hint: needsPassphrase
        ? 'give the passphrase of that day with --passphrase-file'
        : 'give the identity of one of the recipients of that day with --identity-file',
    },
  );
}

/** @throws DrillError of usage; never with the word itself, which may be a secret that went the wrong way */
export function checkRecipient(word: string, where: string): void {
  if (/^AGE-SECRET-KEY-/i.test(word))
    throw usage(
      `${where}: that is an identity, which is secret, and not a recipient`,
      'make a new identity (it may have been seen), and give what `age-keygen -y` prints for it: age1…',
    );
  try {
    new Encrypter().addRecipient(word);
  } catch {
    throw usage(
      `${where}: expected a recipient of age (age1…), got ${word.length} other characters`,
      'keys of ssh are not supported; make a pair with age-keygen',
    );
  }
}

/** @throws DrillError of usage; never with the word itself */
export async function checkIdentity(word: string, where: string): Promise<void> {
  try {
    await identityToRecipient(word);
  } catch {
    throw usage(
      `${where}: expected an identity of age (AGE-SECRET-KEY-1…), got ${word.length} other characters`,
      'give a file as age-keygen writes it; one that is itself encrypted must be decrypted first',
    );
  }
}
