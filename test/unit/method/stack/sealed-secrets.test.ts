import { armor, Encrypter } from 'age-encryption';
import { beforeAll, expect, test } from 'vitest';
import { describeError as described } from '../../../../src/support/errors.ts';
import {
  createAgeIdentity,
  sealSecrets,
  unsealSecrets,
} from '../../../../src/method/stack/sealed-secrets.ts';

let identity: string;
let recipient: string;
beforeAll(async () => {
  ({ identity, recipient } = await createAgeIdentity());
});

const values = new Map([
  ['text', Buffer.from('pässword\n')],
  ['bytes', Buffer.from([0, 255, 10, 0])],
]);
const open = (sealed: Uint8Array, key = identity) =>
  unsealSecrets({ sealed: () => Promise.resolve(sealed), identity: () => Promise.resolve(key) });
const encrypted = async (text: string): Promise<Uint8Array> => {
  const encrypter = new Encrypter();
  encrypter.addRecipient(recipient);
  return encrypter.encrypt(text);
};
/** Returns the full text of an error that must not contain a secret. */
const textOfError = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'no error',
    (error: unknown) => `${described(error)} ${(error as Error).stack} ${String((error as Error).cause)}`,
  );

test('returns the exact bytes from a binary and an armored file', async () => {
  const sealed = await sealSecrets(values, recipient);
  expect(Buffer.from(sealed).includes('pässword')).toBe(false);
  expect(await open(sealed)).toEqual(values);
  const keyFile = `# created: 2026-11-23\n# public key: ${recipient}\n${identity}\n`;
  expect(await open(Buffer.from(armor.encode(sealed)), keyFile)).toEqual(values);
});

test('refuses another identity without showing either key', async () => {
  const { identity: other } = await createAgeIdentity();
  const message = await textOfError(open(await sealSecrets(values, recipient), other));
  expect(message).toMatch(/encrypted for another identity/);
  expect(message).not.toContain('AGE-SECRET-KEY-1');
});

test('refuses a mistyped identity without showing it', async () => {
  const mistyped = `${identity.slice(0, -1)}${identity.endsWith('Q') ? 'P' : 'Q'}`;
  const message = await textOfError(open(await sealSecrets(values, recipient), mistyped));
  expect(message).toMatch(/sealed secrets: invalid identity/);
  expect(message).not.toContain(mistyped.slice(20, 40));
  await expect(open(await sealSecrets(values, recipient), '# nothing\n')).rejects.toMatchObject({
    code: 'no-identity',
  });
});

test('refuses a truncated file, a file with a flipped bit and an empty file', async () => {
  const sealed = await sealSecrets(values, recipient);
  const flipped = Uint8Array.from(sealed, (byte, at) => (at === sealed.length - 5 ? byte ^ 1 : byte));
  for (const broken of [sealed.subarray(0, -20), sealed.subarray(0, 40), flipped, new Uint8Array()])
    await expect(open(broken)).rejects.toMatchObject({ code: 'sealed-damaged', blame: 'finding' });
});

test('refuses contents that are not base64 by name, without the value', async () => {
  for (const [text, reason] of [
    ['{"good": "YQ==", "bad": "geheim!"}', /base64 \(bad\)/],
    ['{"cut": "geheim', /base64/],
    ['["geheim"]', /base64/],
  ] as const) {
    const message = await textOfError(open(await encrypted(text)));
    expect(message).toMatch(reason);
    expect(message).not.toContain('geheim');
  }
});
