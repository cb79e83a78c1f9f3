// Values of secrets in an age-encrypted file that is kept apart from the swarm: no API of a swarm returns them.
import { armor, Decrypter, Encrypter, generateIdentity, identityToRecipient } from 'age-encryption';
import { z } from 'zod';
import { finding } from '../../support/errors.ts';

/** The bytes of each secret by its full name. */
export type SecretValues = ReadonlyMap<string, Uint8Array>;

/** Where a restore reads the values of secrets. Both are called only when needed. */
export interface SealedSecrets {
  /** The sealed file, binary or armored. */
  readonly sealed: () => Promise<Uint8Array>;
  /** An identity file of age-keygen; lines that start with `#` are comments. */
  readonly identity: () => Promise<string>;
}

/** Creates a key pair: the recipient encrypts, the identity decrypts. */
export async function createAgeIdentity(): Promise<{
  readonly identity: string;
  readonly recipient: string;
}> {
  const identity = await generateIdentity();
  return { identity, recipient: await identityToRecipient(identity) };
}

const Contents = z.record(z.string(), z.base64());

/** Encrypts the values for one recipient (`age1…`), as a JSON object with a base64 value for each name. */
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
  const decrypter = createDecrypter(await identity());
  const text = await decrypt(decrypter, await sealed());
  const contents = Contents.safeParse(parseJson(text));
  if (!contents.success)
    throw damaged('expected a JSON object of name to base64', [
      ...new Set(contents.error.issues.map(({ path }) => String(path[0] ?? 'the whole file'))),
    ]);
  return new Map(Object.entries(contents.data).map(([name, value]) => [name, Buffer.from(value, 'base64')]));
}

function createDecrypter(identity: string): Decrypter {
  const decrypter = new Decrypter();
  try {
    const keys = identity.split('\n').filter((line) => line.trim() && !line.startsWith('#'));
    if (keys.length === 0) throw new Error();
    for (const key of keys) decrypter.addIdentity(key.trim());
  } catch {
    throw finding('sealed secrets: invalid identity', {
      code: 'no-identity',
      hint: 'Pass the whole file that age-keygen wrote: one of its lines starts with AGE-SECRET-KEY-.',
    });
  }
  return decrypter;
}

async function decrypt(decrypter: Decrypter, sealed: Uint8Array): Promise<string> {
  try {
    const text = Buffer.from(sealed).toString('latin1');
    return await decrypter.decrypt(
      text.trimStart().startsWith('-----BEGIN AGE') ? armor.decode(text) : sealed,
      'text',
    );
  } catch (error) {
    if (/no identity matched/.test(String(error)))
      throw finding('sealed secrets: encrypted for another identity', {
        code: 'wrong-identity',
        hint: 'Find the identity that belongs to the recipient; keep old identities for old backups.',
      });
    throw damaged('not a complete age file');
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const damaged = (reason: string, where: readonly string[] = []) =>
  finding(`sealed secrets: ${reason}${where.length > 0 ? ` (${where.join(', ')})` : ''}`, {
    code: 'sealed-damaged',
    hint: 'Use another copy of the sealed file; nothing was created from this one.',
  });
