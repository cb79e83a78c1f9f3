// Values of secrets in an age-encrypted file, kept apart from the swarm: no API of a swarm gives them back.
import { armor, Decrypter, Encrypter, generateIdentity, identityToRecipient } from 'age-encryption';
import { z } from 'zod';
import { finding } from '../../support/errors.ts';

/** By the secret's full name, its bytes. */
export type SecretValues = ReadonlyMap<string, Uint8Array>;

/** Where a restore gets the values from. Both are read when they are needed, and not kept. */
export interface SealedSecrets {
  /** The sealed file, binary or armored. */
  readonly sealed: () => Promise<Uint8Array>;
  /** An identity as age-keygen writes it; lines that begin with `#` mean nothing. */
  readonly identity: () => Promise<string>;
}

/** A new pair of keys: whoever has the recipient can seal, whoever has the identity can open. */
export async function createAgeIdentity(): Promise<{
  readonly identity: string;
  readonly recipient: string;
}> {
  const identity = await generateIdentity();
  return { identity, recipient: await identityToRecipient(identity) };
}

const Contents = z.record(z.string(), z.base64());

/** Encrypts the values, as a JSON object of name to base64, for one recipient (`age1…`). */
export async function sealSecrets(values: SecretValues, recipient: string): Promise<Uint8Array> {
  const encrypter = new Encrypter();
  encrypter.addRecipient(recipient);
  const contents = [...values].map(([name, value]) => [name, Buffer.from(value).toString('base64')]);
  return encrypter.encrypt(JSON.stringify(Object.fromEntries(contents), null, 2));
}

/**
 * What `seal` encrypted, or a person with `age --encrypt`.
 * @throws DrillError with blame `finding`: `no-identity`, `wrong-identity`, `sealed-damaged`. None has a cause: the words of a
 * parser that trips over a key or a value would hold a piece of it.
 */
export async function unsealSecrets({ sealed, identity }: SealedSecrets): Promise<SecretValues> {
  const decrypter = decrypterFor(await identity());
  const text = await decrypted(decrypter, await sealed());
  const contents = Contents.safeParse(parsed(text));
  if (!contents.success)
    throw damaged('it opens, and is not a JSON object of names to base64', [
      ...new Set(contents.error.issues.map(({ path }) => String(path[0] ?? 'the whole'))),
    ]);
  return new Map(Object.entries(contents.data).map(([name, value]) => [name, Buffer.from(value, 'base64')]));
}

function decrypterFor(identity: string): Decrypter {
  const decrypter = new Decrypter();
  try {
    const keys = identity.split('\n').filter((line) => line.trim() && !line.startsWith('#'));
    if (keys.length === 0) throw new Error();
    for (const key of keys) decrypter.addIdentity(key.trim());
  } catch {
    throw finding('what was given as identity for the sealed secrets is none', {
      code: 'no-identity',
      hint: 'give the file that age-keygen wrote, whole: a line of it begins with AGE-SECRET-KEY-',
    });
  }
  return decrypter;
}

async function decrypted(decrypter: Decrypter, sealed: Uint8Array): Promise<string> {
  try {
    const text = Buffer.from(sealed).toString('latin1');
    return await decrypter.decrypt(
      text.trimStart().startsWith('-----BEGIN AGE') ? armor.decode(text) : sealed,
      'text',
    );
  } catch (error) {
    if (/no identity matched/.test(String(error)))
      throw finding('the identity does not open the sealed secrets: they were sealed for another one', {
        code: 'wrong-identity',
        hint: 'find the identity whose recipient they were sealed for; older ones are kept for older backups',
      });
    throw damaged('it is no whole age file');
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const damaged = (reason: string, where: readonly string[] = []) =>
  finding(`the sealed secrets can't be read: ${reason}${where.length > 0 ? ` (${where.join(', ')})` : ''}`, {
    code: 'sealed-damaged',
    hint: 'take another copy of the sealed file; nothing was created from this one',
  });
